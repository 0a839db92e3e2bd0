"""The service under load, while it and everything behind it is killed in turn."""
