"""Candidate's code: its lines, measurements and syntax errors."""
