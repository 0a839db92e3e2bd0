"""Telemetry: what a person can see of the workers, in its metrics, its traces and its log."""
