"""Worker on Celery alone, as one would write it: a task asks the provider, the result backend has it.

    celery -A bench.workers.plain_celery worker -Q hint -P threads -c 5

Celery's defaults but for the thread pool: early acknowledgement, four messages prefetched for each thread.
The environment names Redis (``BENCH_REDIS``), the provider (``BENCH_PROVIDER``) and the work
(``BENCH_WORK``).
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any

import httpx2
from celery import Celery

_redis = os.environ["BENCH_REDIS"]

app = Celery("plain", broker=_redis, backend=_redis, set_as_current=False)


@cache
def _work() -> dict[str, Any]:
    work = json.loads(os.environ["BENCH_WORK"])
    return {**work, "kinds": {kind["kind"]: kind for kind in work["kinds"]}}


@cache
def _client() -> httpx2.Client:
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx2.Client(base_url=os.environ["BENCH_PROVIDER"], timeout=60, limits=limits)


@app.task(name="answer")
def answer(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """Answer one job."""
    from bench.workers.asking import read_answer, request_for  # noqa: PLC0415 -- the feeder needs none of it

    work = _work()
    if work["body"] == "instant":
        return dict(work["constant"])
    schema = work["kinds"][kind]["schema"]
    response = _client().post(**request_for(data, schema))
    return read_answer(response.raise_for_status().content, schema)
