"""What a terminal is and can show: colour, width, streams, the live view."""
