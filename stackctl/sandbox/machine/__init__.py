"""What a sandbox takes from this machine: files, ports, processes, locks."""
