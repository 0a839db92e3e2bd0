"""The operations guide and what stands in deploy/ agree with the product, and links lead somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from aiplane.errors import ERRORS
from aiplane.queues import QUEUES
from aiplane.worker.task import GRACE
from bridges.__main__ import main as bridge
from tests.support.deploy import ALARMS, OPERATIONS, REPOSITORY, RULES

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = OPERATIONS.read_text(encoding="utf-8")
LONGEST_JOB = max(spec.time_limit for spec in QUEUES.values()) + GRACE
BRIDGE_GRACE = next(option.default for option in bridge.params if option.name == "grace")


def headings(page: Path) -> set[str]:
    """Return what a link to a heading of a page may end with, as GitHub names it."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)\s]+)\)", GUIDE))))
def test_every_link_of_the_guide_leads_somewhere(link: str):
    file, _, heading = link.partition("#")
    page = OPERATIONS.parent / file if file else OPERATIONS
    assert page.is_file()
    assert not heading or heading in headings(page)


def test_every_alarm_leads_to_a_heading_of_its_own_in_the_guide():
    runbooks = re.findall(r"runbook_url: \S+/docs/operations\.md#(\S+)", RULES.read_text(encoding="utf-8"))
    assert len(runbooks) == len(ALARMS)
    assert set(runbooks) == {heading for heading in headings(OPERATIONS) if heading.startswith("aiplane")}


def test_the_guide_says_of_every_code_what_to_do():
    assert set(
        re.findall(r"`(\w+)`", "".join(re.findall(r"^\|(.+?)\|.*\|$", GUIDE, flags=re.MULTILINE)))
    ) >= set(ERRORS)


@pytest.mark.parametrize(
    ("file", "setting"),
    [
        ("systemd/aiplane-pool@.service", "TimeoutStopSec="),
        ("systemd/aiplane-bridge.service", "TimeoutStopSec="),
        ("kubernetes/aiplane.yaml", "terminationGracePeriodSeconds: "),
    ],
)
def test_nothing_is_killed_before_it_had_time_to_end(file: str, setting: str):
    text = (REPOSITORY / "deploy" / file).read_text(encoding="utf-8")
    graces = [int(seconds) for seconds in re.findall(rf"{setting}(\d+)", text)]
    needed = {"aiplane-pool@.service": [LONGEST_JOB], "aiplane-bridge.service": [BRIDGE_GRACE]}
    for grace, least in zip(
        graces, needed.get(file.rpartition("/")[2], [BRIDGE_GRACE, LONGEST_JOB]), strict=True
    ):
        assert grace > least


def test_kubernetes_probes_a_port_that_it_reaches() -> None:
    text = (REPOSITORY / "deploy/kubernetes/aiplane.yaml").read_text(encoding="utf-8")
    processes = text.count("kind: Deployment")
    for line in (
        'name: METRICS_PORT, value: "9464"',
        "name: METRICS_HOST, value: 0.0.0.0",
        "name: metrics, containerPort: 9464",
        "httpGet: {path: /healthz, port: metrics}",
    ):
        assert text.count(line) == processes > 0, line


def test_no_unit_is_short_of_files() -> None:
    units = list((REPOSITORY / "deploy/systemd").glob("*.service"))
    assert units
    for unit in units:
        assert re.search(r"^LimitNOFILE=\d{5,}$", unit.read_text(encoding="utf-8"), re.MULTILINE), unit.name
