"""Measures aiplane against what someone would run instead, in one run on one machine: ``make bench``."""
