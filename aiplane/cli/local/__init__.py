"""Processes on one machine: ``aiplane up`` and ``aiplane demo``."""
