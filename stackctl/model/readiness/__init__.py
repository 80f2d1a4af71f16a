"""Whether an object is ready, and why not."""
