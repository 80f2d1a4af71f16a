"""Values and functions over them; no I/O, clock, environment or logging in here."""
