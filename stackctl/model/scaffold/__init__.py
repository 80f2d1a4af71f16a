"""What a new component begins with: what its manifests suggest, and the text that says it."""
