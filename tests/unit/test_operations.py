"""The operations guide and the alarms agree with the product, and links lead somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from aiplane.errors import ERRORS
from tests.support.deploy import ALARMS, OPERATIONS, RULES

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = OPERATIONS.read_text(encoding="utf-8")


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
