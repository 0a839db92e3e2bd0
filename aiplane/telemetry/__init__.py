"""What a person can see of the plane: its metrics, its traces and its log."""
