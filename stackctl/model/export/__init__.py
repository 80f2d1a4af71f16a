"""What of a stack is committed for somebody else to apply: files for kubectl, Helm, Argo CD, Flux.

Where the files go, and what lies there already, is for `sources`.
"""
