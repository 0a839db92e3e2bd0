"""AI workers of a coding-interview platform, and what they share with their operators."""
