"""The figures, each measured on its own."""
