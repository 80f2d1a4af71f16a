"""The control plane of a sandbox: its parts, certificates and nodes, started and stopped."""
