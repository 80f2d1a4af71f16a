"""The options of commands: declared in groups, completed, turned into values."""
