"""Stands for everything outside the control plane: the network, devices, operators.

A program of its own, `python -m stackctl.sandbox.agent --state-dir DIR`, one per sandbox. Pods and
nodes are kwok's (`stackctl/sandbox/plane/simulation`); the agent does what those two would bring
about: Services that answer once a Pod is ready, GPUs while a device plugin runs, custom resources
that move on while their operator does. What it simulates it says in its log.
"""
