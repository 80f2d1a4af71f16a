"""What a cluster has and holds; nothing in here changes it."""
