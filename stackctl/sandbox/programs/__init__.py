"""Where the programs of a sandbox come from: downloads, or built from source."""
