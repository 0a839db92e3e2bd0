"""The files of deploy/, for the tests that hold them against the product."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
DASHBOARD = REPOSITORY / "deploy/grafana/aiplane.json"
RULES = REPOSITORY / "deploy/prometheus/rules.yml"
RULES_TEST = REPOSITORY / "deploy/prometheus/rules_test.yml"
SCRAPING = REPOSITORY / "deploy/prometheus/prometheus.yml"
OPERATIONS = REPOSITORY / "docs/operations.md"

ALARMS: list[str] = re.findall(r"- alert: (\w+)", RULES.read_text(encoding="utf-8"))
"""The names of the alarms, in the order of the rules."""


def panels() -> list[dict[str, Any]]:
    """Return the panels of the dashboard, without the titles of its rows."""
    return [
        panel
        for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
        if panel["type"] != "row"
    ]


def expressions() -> list[str]:
    """Return every query of the dashboard, as Prometheus gets it when all queues are chosen."""
    return [
        target["expr"].replace("$__rate_interval", "1m").replace("$queue", ".*")
        for panel in panels()
        for target in panel["targets"]
    ]
