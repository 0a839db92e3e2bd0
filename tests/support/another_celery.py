"""A Celery application that is not the plane's."""

from __future__ import annotations

from celery import Celery

app = Celery("another", set_as_current=False)
