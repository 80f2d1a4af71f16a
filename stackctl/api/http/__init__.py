"""One request to an API server: sent, repeated while that makes sense, bounded in time."""
