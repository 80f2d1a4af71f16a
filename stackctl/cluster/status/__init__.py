"""The status of a recorded stack."""
