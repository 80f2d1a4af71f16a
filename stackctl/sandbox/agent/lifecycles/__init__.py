"""What simulated operators say of their custom resources, and when."""
