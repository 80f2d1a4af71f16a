"""Whose an object is, and whose each of its fields."""
