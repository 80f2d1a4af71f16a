"""What a component that works could still be better at, as findings."""
