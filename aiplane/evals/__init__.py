"""Labelled cases, run against whatever provider is configured, and what comes of them as one table.

The cases are in ``evals/``, one TOML file a programming language. The labels were written by a person before
anything was tuned to them; those marked ``held_out`` are not to be tuned to at all.
"""
