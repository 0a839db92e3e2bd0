"""The programs that serve jobs in a run, other than this project's own."""
