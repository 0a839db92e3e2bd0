"""The bridge: BullMQ jobs in, Celery tasks out, and what came of them back into BullMQ."""
