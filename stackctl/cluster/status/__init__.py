"""How a recorded stack stands."""
