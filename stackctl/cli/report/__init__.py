"""How results look: tables, lines, documents."""
