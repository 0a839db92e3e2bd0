"""Operators' commands, of ``aiplane`` and of ``celery -A aiplane``."""
