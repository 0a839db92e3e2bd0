"""The control plane: an HTTP service that turns requests into jobs, and results into what a room sees."""
