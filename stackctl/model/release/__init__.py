"""What is recorded of a deployment, and what that tells later."""
