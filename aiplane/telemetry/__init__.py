"""What a person can see of the plane: its log."""
