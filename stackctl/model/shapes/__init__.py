"""How values from outside are read: which shape they must have, what is said if not."""
