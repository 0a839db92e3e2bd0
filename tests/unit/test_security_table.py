"""The table of what was tried against the control plane names tests that there are."""

from __future__ import annotations

import re

from tests.support.deploy import REPOSITORY

GUIDE = (REPOSITORY / "docs/control-plane.md").read_text(encoding="utf-8")


def test_every_row_is_a_test() -> None:
    table = GUIDE.partition("## What was tried against it?")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    files = (REPOSITORY / "tests/control_plane").glob("test_*.py")
    defined = set(re.findall(r"def (test_\w+)", "".join(file.read_text(encoding="utf-8") for file in files)))
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named, row
        assert set(named) <= defined, row
