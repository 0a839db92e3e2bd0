"""The work itself, one module a kind of job: its prompt, its rules, its checks and its Celery task."""
