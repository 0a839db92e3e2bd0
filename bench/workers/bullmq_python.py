"""Worker as someone would write it with the package ``bullmq``: its own Worker, as in ``bullmq_node.mjs``.

python -m bench.workers.bullmq_python <redis port> <provider url> <provider|instant> <the work, as JSON>
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import httpx2
from bullmq import Queue, Worker

from bench.workers.asking import read_answer, request_for

RESULT_OPTIONS = {
    "attempts": 3,
    "backoff": {"type": "exponential", "delay": 1500},
    "removeOnComplete": 100,
    "removeOnFail": False,
}


async def main() -> None:
    """Serve until killed."""
    port, provider, body, text = sys.argv[1:]
    work = json.loads(text)
    connection = {"host": "127.0.0.1", "port": int(port)}
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx2.AsyncClient(base_url=provider, timeout=60, limits=limits) as client:
        workers = [_serve(kind, connection, client, body, work["constant"]) for kind in work["kinds"]]
        print("ready", flush=True)
        await asyncio.Event().wait()
        del workers


def _serve(
    kind: dict[str, Any], connection: dict[str, Any], client: httpx2.AsyncClient, body: str, constant: object
) -> Worker:
    results = Queue(f"{kind['queue']}.results", {"connection": connection})

    async def ask(data: dict[str, Any]) -> Any:
        if body == "instant":
            return constant
        response = await client.post(**request_for(data, kind["schema"]))
        return read_answer(response.raise_for_status().content, kind["schema"])

    async def run(job: Any, _: str) -> dict[str, Any]:
        result = {"jobId": job.id, **(await ask(job.data))}
        options = {**RESULT_OPTIONS, "jobId": f"result-{job.id}-{job.processedOn}"}
        await results.add(kind["resultName"], result, options)
        return result

    return Worker(kind["queue"], run, {"connection": connection, "concurrency": kind["slots"]})


if __name__ == "__main__":
    asyncio.run(main())
