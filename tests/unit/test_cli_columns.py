"""Tables hold together whatever stands in their cells."""

from __future__ import annotations

import pytest

from aiplane.cli.terminal.columns import duration, moment, show_pairs, show_table


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(None, ""), (0, "0.0s"), (9_940, "9.9s"), (12_000, "12s"), (192_000, "3m 12s"), (3_600_000 * 5, "5h 0m"),
     (86_400_000 * 3 + 3_600_000, "3d 1h")],
)  # fmt: skip
def test_times_are_told_as_a_person_does(milliseconds: int | None, text: str) -> None:
    assert duration(milliseconds) == text


def test_a_moment_is_told_in_utc() -> None:
    assert moment(1_795_590_917_853) == "2026-11-25T07:15:17.853Z"
    assert moment(None) is None
    assert moment(10**18) is None


def test_columns_stand_under_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(["job", "attempts", "code"], [("1", 3, "x"), ("漢字", 10, "y")])
    assert capsys.readouterr().out.splitlines() == [
        "job   attempts  code",
        "1            3  x",
        "漢字        10  y",
    ]


@pytest.mark.parametrize("hostile", ["a\nb", "\x1b[2Jx", "\udcff", "[red]x", "x" * 500, "\u202ex"])
def test_a_hostile_cell_is_one_short_line(capsys: pytest.CaptureFixture[str], hostile: str) -> None:
    show_table(["job", "code"], [(hostile, "y")])
    head, line = capsys.readouterr().out.splitlines()
    assert len(line) <= 63
    assert line.isprintable()
    assert line.endswith("y")
    assert head.startswith("job")


def test_what_has_no_value_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show_pairs([("state", "failed"), ("lock", None), ("usage", "")])
    assert capsys.readouterr().out == "state  failed\n"
