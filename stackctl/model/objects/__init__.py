"""What an object is: its name, its kind, its parts, and how two of them are merged or compared."""
