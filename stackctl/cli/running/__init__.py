"""What commands have in common while they run: targets, the question, repetition."""
