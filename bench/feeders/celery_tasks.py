"""The producer and the consumer for plain Celery, with the commands of ``bullmq.mjs``.

It sends tasks and hears of their results where Celery's own result backend announces them: one subscription
for all, which costs this process and Redis less than one ``AsyncResult.get()`` for each would.

    python -m bench.feeders.celery_tasks <redis url>
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

import redis

from bench.workers.plain_celery import app

_PATTERN = "celery-task-meta-*"


class Feeder:
    """Sender of tasks, which notes when the result of each comes."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url)
        self._times: list[float] = []
        self._seen: set[bytes] = set()
        self._number = 0
        self._changed = threading.Condition()

    def consume(self, **_: Any) -> dict[str, Any]:
        """Listen for results, from now on."""
        channel = self._redis.pubsub(ignore_subscribe_messages=False)
        channel.psubscribe(_PATTERN)
        assert channel.get_message(timeout=5), "no subscription"
        threading.Thread(target=self._hear, args=(channel,), daemon=True).start()
        return {}

    def add(self, *, batches: list[dict[str, Any]], **_: Any) -> dict[str, float]:
        """Send tasks."""
        began = _now()
        for turn in range(max(batch["count"] for batch in batches)):
            for batch in batches:
                if turn < batch["count"]:
                    self._send(batch)
        return {"began": began, "ended": _now()}

    def count(self) -> dict[str, int]:
        """Return how many results came since the last :meth:`results`."""
        return {"count": len(self._times)}

    def results(self, *, count: int, timeout: float) -> dict[str, list[float]]:
        """Wait for so many results and return when each came."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._times) >= count, timeout), "too few results"
            came, self._times = [round(moment, 1) for moment in self._times], []
        return {"times": came}

    def one_by_one(self, *, batch: dict[str, Any], warm: int, timeout: float) -> dict[str, list[float]]:
        """Send a task, await its result, send the next."""
        took = []
        for turn in range(warm + batch["count"]):
            before = _now()
            self._send(batch)
            with self._changed:
                assert self._changed.wait_for(lambda: self._times, timeout), "no result"
                moment = self._times.pop()
            if turn >= warm:
                took.append(round(moment - before, 3))
        return {"took": took}

    def _send(self, batch: dict[str, Any]) -> None:
        self._number += 1
        data, code = batch["data"], batch["code"]
        if code:
            data = {**data, code: f"{data[code]}\n# {self._number}\n"}
        app.send_task("answer", args=[batch["kind"], data], queue=batch["kind"])

    def _hear(self, channel: Any) -> None:
        for message in channel.listen():
            if message["type"] != "pmessage":
                continue
            moment = _now()
            assert b'"status": "SUCCESS"' in message["data"], message["data"][:500]
            with self._changed:
                assert message["channel"] not in self._seen, "two results of a task"
                self._seen.add(message["channel"])
                self._times.append(moment)
                self._changed.notify_all()


def _now() -> float:
    return time.time() * 1000


def main() -> None:
    """Do what standard input says."""
    feeder = Feeder(sys.argv[1])
    for line in sys.stdin:
        command = json.loads(line)
        value = getattr(feeder, command.pop("do").replace(" ", "_"))(**command)
        print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main()
