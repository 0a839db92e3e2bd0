"""The exit statuses of every command, and how a help text tells them."""

from __future__ import annotations

FAILED, USAGE, TIMED_OUT, NO_REDIS, NOT_STARTED, FAULT_OF_OURS = 1, 2, 3, 4, 5, 70

SIGNALLED = 128
"""Shells add the signal's number to this."""

STATUSES = """\b
Exit status:
  0  done
  1  the job failed
  2  the command line or a setting is wrong
  3  the job has not ended in time
  4  Redis cannot be used
  5  something could not be started
"""
