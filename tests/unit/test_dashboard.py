"""The dashboard and the alarms in deploy/ speak of metrics that exist, by labels that they have."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.deploy import ALARMS, DASHBOARD, RULES, RULES_TEST, expressions, panels
from tests.support.metrics import METRICS
from tests.support.promql import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

RECORDED: Mapping[str, frozenset[str]] = {
    name: frozenset(re.split(r",\s*", labels))
    for name, labels in re.findall(
        r"- record: (\S+)\n\s+expr: \|\n\s+sum by \((.+?)\)", RULES.read_text(encoding="utf-8")
    )
}


def test_every_expression_of_the_dashboard_speaks_of_metrics_and_labels_that_exist():
    for expression in expressions():
        assert unknown(expression, METRICS) == []


def test_every_rule_speaks_of_metrics_and_labels_that_exist():
    text = RULES.read_text(encoding="utf-8")
    rules = re.findall(r"expr: (?:\|\n((?:\s{10,}.+\n)+)|(.+)\n)", text)
    assert len(rules) == text.count("expr:")
    for block, line in rules:
        assert unknown(block or line, METRICS | RECORDED) == []


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("max by (queue) (ai_queue_depht)", "ai_queue_depht"),
        ("ai_job_retries", "ai_job_retries"),
        ('ai_queue_depth{kind="hint"}', "kind of ai_queue_depth"),
        ("sum by (model) (rate(ai_llm_failures_total[5m]))", "model of ai_llm_failures_total"),
        ("sum by (queue, le) (rate(ai_llm_latency_ms_bucket[5m]))", "queue of ai_llm_latency_ms_bucket"),
    ],
)
def test_what_does_not_exist_is_noticed(expression: str, complaint: str):
    assert unknown(expression, METRICS) == [complaint]


def test_every_metric_is_on_the_dashboard():
    shown = " ".join(expressions())
    assert [name for name in METRICS if re.sub(r"_(bucket|sum|count)$", "", name) not in shown] == []


def test_no_panel_divides_by_what_may_be_zero():
    divisors = [divisor.strip() for each in expressions() for divisor in each.split(" / ")[1:]]
    assert divisors
    assert [each for each in divisors if not each.endswith("> 0)") and not each.isdecimal()] == []


def test_a_number_that_is_a_share_says_what_is_missing_where_there_is_none():
    for panel in panels():
        if panel["type"] == "stat" and " / " in panel["targets"][0]["expr"]:
            assert panel["fieldConfig"]["defaults"]["noValue"].startswith("no ")
            # Over a span of time, the last value that there was would stand there for ever.
            assert panel["targets"][0]["instant"]


def test_every_panel_says_in_a_line_what_it_shows():
    for panel in panels():
        assert 20 <= len(panel["description"]) <= 120, panel["title"]


def test_every_panel_has_a_place_of_its_own():
    taken = [
        (x, y)
        for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
        for at in (panel["gridPos"],)
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) == 23


def test_no_panel_is_tied_to_one_prometheus():
    for panel in panels():
        for each in (panel, *panel["targets"]):
            assert each["datasource"]["uid"] == "${datasource}"


def test_every_alarm_is_seen_firing_and_seen_silent():
    tests = RULES_TEST.read_text(encoding="utf-8")
    quiet = tests.partition("- name: a plane that works is silent")[2].partition("- name:")[0]
    fired = set(re.findall(r"alertname: (\w+)\n\s+exp_alerts: \[\{", tests))
    assert fired == set(ALARMS)
    assert set(re.findall(r"alertname: (\w+)\}", quiet)) == set(ALARMS)
