"""Coaching: what the tasks share with the offline coach."""
