"""What a run tells while it works, and what it comes back with."""
