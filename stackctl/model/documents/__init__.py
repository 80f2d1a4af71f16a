"""What commands print for programs, kind by kind, as JSON Schemas."""
