"""What stackctl does on a cluster: look, apply, wait, record, prune."""
