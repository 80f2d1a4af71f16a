"""What charts bring along that plain manifests do not have: hooks, values of their own making."""
