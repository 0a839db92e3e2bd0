"""Pools: Celery workers with a lease, slots, and a frame around each task."""
