"""What would happen on a cluster, decided from values, before anything does."""
