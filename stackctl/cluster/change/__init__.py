"""What changes a cluster: apply, prune, remove."""
