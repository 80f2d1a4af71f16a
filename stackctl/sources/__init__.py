"""I/O that produces model values: files on disk become profiles, catalogues and stack files."""
