"""A real Kubernetes control plane on this machine, with simulated nodes.

`lifecycle` has what can be done with a sandbox; the other modules are what it is made of.
Nothing in here prints, asks or exits, and nothing knows stacks, profiles or components.
"""
