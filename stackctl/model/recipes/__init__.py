"""Recipes of NVIDIA AICR: what they say, and the profile that says the same here."""
