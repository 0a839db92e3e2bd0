"""What makes a Celery worker a pool of the plane: its lease, its slots, and the frame around each task."""
