"""Redis: its clients, what it refuses, and whether it is fit to keep jobs."""
