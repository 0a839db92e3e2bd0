"""Storage: one bucket of an S3, and what can go wrong with it."""
