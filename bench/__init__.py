"""Benchmark of aiplane against what someone would run instead, on one machine: ``make bench``."""
