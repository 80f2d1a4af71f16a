"""One plain function per verb; no printing, no option parsing, no exit."""
