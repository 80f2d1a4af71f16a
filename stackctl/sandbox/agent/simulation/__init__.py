"""What is simulated: nodes, devices, operators, injected certificates."""
