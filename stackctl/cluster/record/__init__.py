"""The record of a stack on its cluster, and the lock that guards it."""
