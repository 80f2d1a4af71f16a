"""Waiting until objects are ready or gone, and why they are not."""
