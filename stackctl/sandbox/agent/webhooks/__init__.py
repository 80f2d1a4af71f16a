"""How the API server's calls to Services are answered."""
