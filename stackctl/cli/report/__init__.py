"""How results look, one file for each kind: its lines, its names and its document."""
