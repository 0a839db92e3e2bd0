"""The web framework alone: one route that answers nothing, served as the control plane is.

It is what a GET of the service is held against: ``python -m bench.workers.empty_route``.
"""

from __future__ import annotations

import logging
import sys

import uvicorn
from fastapi import FastAPI

PATH = "/empty"
app = FastAPI(openapi_url=None)


@app.get(PATH)
async def empty() -> dict[str, str]:
    """Answer."""
    return {}


def main() -> None:
    """Serve it on any port, which the log names."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO)
    uvicorn.run(app, port=0, access_log=False, server_header=False, log_config=None)


if __name__ == "__main__":
    main()
