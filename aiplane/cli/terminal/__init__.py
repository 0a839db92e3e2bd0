"""Terminal: what a person or a script is shown."""
