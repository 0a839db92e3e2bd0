"""Input of the commands: files, and the example payloads."""
