"""Install, show, upgrade, roll back and take out whole machine-learning stacks on Kubernetes."""

__version__ = "0.1.0"
