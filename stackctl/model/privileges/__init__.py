"""What objects ask for beyond their own affairs."""
