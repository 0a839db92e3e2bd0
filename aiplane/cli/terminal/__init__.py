"""Terminal: the output for a person or a script."""
