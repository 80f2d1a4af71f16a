"""The ways to a server: addresses, proxies, whom to trust; what is said there is not known here."""
