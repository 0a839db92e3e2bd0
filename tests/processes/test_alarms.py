"""Prometheus' own tool reads everything in deploy/ that is written for it, and fires each alarm."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.support.deploy import RULES, RULES_TEST, SCRAPING, expressions
from tests.support.missing import missing

if TYPE_CHECKING:
    from pathlib import Path


def promtool(*arguments: str | Path) -> str:
    tool = shutil.which("promtool") or missing(
        "promtool is not on the path; Debian's package prometheus has it"
    )
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_rules_can_be_read():
    assert "SUCCESS" in promtool("check", "rules", "--lint-fatal", RULES)


def test_the_scrape_configuration_can_be_read():
    assert "SUCCESS" in promtool("check", "config", SCRAPING)


def test_each_alarm_fires_when_it_should_and_not_before():
    assert "SUCCESS" in promtool("test", "rules", RULES_TEST)


def test_while_nothing_lives_and_nobody_asks_no_panel_shows_a_share(tmp_path: Path):
    shares = [query for query in expressions() if "> 0)" in query]
    series = [
        *(f'ai_queue_{name}{{queue="q"}}' for name in ("active", "slots", "depth")),
        *(f'ai_job_duration_ms_count{{queue="q",status="{status}"}}' for status in ("completed", "failed")),
        *(f'ai_api_duration_ms_count{{status="{status}"}}' for status in (200, 500)),
    ]
    group = {
        "interval": "15s",
        "input_series": [{"series": each, "values": "0x20"} for each in series],
        "promql_expr_test": [{"expr": each, "eval_time": "4m", "exp_samples": []} for each in shares],
    }
    tests = tmp_path / "tests.yml"
    tests.write_text(json.dumps({"rule_files": [], "tests": [group]}))
    assert len(shares) == 3
    assert "SUCCESS" in promtool("test", "rules", tests)


def test_every_query_of_the_dashboard_can_be_read(tmp_path: Path):
    queries = tmp_path / "queries.yml"
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(expressions())]
    # What is JSON is YAML.
    queries.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", queries)
