"""What a stack comes to: every component with every value decided."""
