"""Taking a stack off its cluster: what that takes, how it is done, what it left."""
