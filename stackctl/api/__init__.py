"""HTTP to one Kubernetes API server: credentials, connections, discovery, requests and watches."""
