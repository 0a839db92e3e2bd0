"""Draw the dashboard from a Prometheus, without a Grafana: every panel with what it asks for.

    python deploy/grafana/draw.py http://localhost:9090 --minutes 60 docs/images/dashboard.png

It reads aiplane.json, so the picture shows what an operator would see. It needs matplotlib, which nothing
else here does: pip install matplotlib
"""

from __future__ import annotations

import argparse
import json
import math
import time
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import dates
from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter, MaxNLocator

DASHBOARD = Path(__file__).with_name("aiplane.json")
STEP = 5
"""Seconds between two points."""

INK, FAINT, PAPER, PANEL = "#d8d9da", "#7b8087", "#111217", "#181b1f"
COLOURS = ("#73bf69", "#5794f2", "#f2cc0c", "#ff9830", "#b877d9", "#f2495c", "#8ab8ff", "#96d98d")
THRESHOLDS = {"green": "#3d8b40", "orange": "#c77700", "red": "#c4162a"}

Panel = dict[str, Any]
Series = tuple[str, list[float], list[float]]


class Prometheus:
    """Answers the panels' queries for one span of time."""

    def __init__(self, url: str, start: float, end: float) -> None:
        self._url, self._start, self._end = url.rstrip("/"), start, end

    def series(self, panel: Panel) -> list[Series]:
        """Return name, moments and values of each line of a panel."""
        return [line for target in panel["targets"] for line in self._ask(target)]

    def _ask(self, target: Panel) -> list[Series]:
        query = target["expr"].replace("$__rate_interval", "30s").replace("$queue", ".*")
        asked = {"query": query, "start": self._start, "end": self._end, "step": STEP}
        # The caller's own Prometheus, by whatever scheme he names.
        with urllib.request.urlopen(  # noqa: S310
            f"{self._url}/api/v1/query_range?{urllib.parse.urlencode(asked)}"
        ) as reply:
            found = json.load(reply)["data"]["result"]
        return [
            (_legend(target["legendFormat"], each["metric"]), *_points(each["values"]))
            for each in sorted(found, key=lambda each: json.dumps(each["metric"], sort_keys=True))
        ]


def _legend(form: str, labels: dict[str, str]) -> str:
    for name in ("queue", "status", "code", "provider", "model", "error_type", "instance", "route", "limit"):
        form = form.replace(f"{{{{{name}}}}}", labels.get(name, ""))
    return form


def _points(values: list[tuple[float, str]]) -> tuple[list[float], list[float]]:
    """Return moments (as matplotlib's days) and values, with a gap where nothing was reported."""
    moments, numbers, last = [], [], math.inf
    for moment, text in values:
        if moment - last > STEP:
            moments.append(_day(last + STEP))
            numbers.append(math.nan)
        moments.append(_day(moment))
        numbers.append(float(text))
        last = moment
    return moments, numbers


def _day(moment: float) -> float:
    return float(dates.date2num(datetime.fromtimestamp(moment, UTC)))


def human(value: float, unit: str) -> str:
    """Write a number as the dashboard's unit wants it."""
    if math.isnan(value):
        return "no data"
    if unit == "percentunit":
        return f"{value:.0%}" if value == 0 or value > 0.1 else f"{value:.1%}"
    if unit == "ms":
        for size, name in ((60_000, "min"), (1000, "s")):
            if abs(value) >= size:
                return f"{value / size:.3g} {name}"
        return f"{value:.3g} ms"
    ends = {"s": " s", "ops": "/s"}
    return f"{value / 1000:.3g} k" if abs(value) >= 1000 else f"{value:.3g}{ends.get(unit, '')}"


def draw_stat(axes: Any, panel: Panel, lines: list[Series], now: float) -> None:
    """Draw one large number on the colour of its threshold, over how it came about.

    ``now`` is the moment, in matplotlib's days, from which on a value counts as the present one.
    """
    look = panel["fieldConfig"]["defaults"]
    known = [number for _, _, numbers in lines for number in numbers if not math.isnan(number)]
    # Where nothing is reported any more, the last that was is no answer.
    value = known[-1] if known and max(moments[-1] for _, moments, _ in lines) >= now else math.nan
    passed = [
        step["color"]
        for step in look["thresholds"]["steps"]
        if step["value"] is None or value >= step["value"]
    ]
    axes.set_facecolor(THRESHOLDS[passed[-1]])
    for _, moments, numbers in lines[:1]:
        axes.fill_between(moments, numbers, color="white", alpha=0.18, linewidth=0)
        axes.set_ylim(0, 2.5 * max(known, default=1) or 1)
        axes.margins(x=0)
    axes.set_xticks([])
    axes.set_yticks([])
    shown = look["noValue"] if math.isnan(value) else human(value, look["unit"])
    axes.text(0.5, 0.55, shown, color="white", fontsize=19, ha="center", va="center",
              transform=axes.transAxes, weight="bold")  # fmt: skip


def draw_lines(axes: Any, panel: Panel, lines: list[Series]) -> None:
    """Draw lines over time, stacked where the panel says so."""
    look = panel["fieldConfig"]["defaults"]
    unit, custom = look["unit"], look["custom"]
    dashed = [each["matcher"]["options"].removeprefix(".*") for each in panel["fieldConfig"]["overrides"]]
    colours: dict[str, str] = {}
    base: dict[float, float] = {}
    for name, moments, numbers in lines:
        stem = next(
            (name.removesuffix(end) for end in dashed if name.endswith(end)), name.removesuffix(" p50")
        )
        colour = colours.setdefault(stem, COLOURS[len(colours) % len(COLOURS)])
        style = "--" if any(name.endswith(end) for end in dashed) else "-"
        steps = "post" if custom.get("lineInterpolation") else None
        if custom["stacking"]["mode"] == "normal":
            floor = [base.get(moment, 0.0) for moment in moments]
            numbers = [  # noqa: PLW2901 -- from here on, on top of what is below
                low + (0 if math.isnan(number) else number)
                for low, number in zip(floor, numbers, strict=True)
            ]
            base |= dict(zip(moments, numbers, strict=True))
            axes.fill_between(moments, floor, numbers, color=colour, alpha=0.6, linewidth=0, step=steps)
        elif custom["fillOpacity"] and style == "-":
            axes.fill_between(moments, numbers, color=colour, alpha=0.1, linewidth=0, step=steps)
        axes.plot(moments, numbers, style, color=colour, linewidth=1.1, label=name,
                  drawstyle="steps-post" if steps else "default")  # fmt: skip
    axes.set_ylim(bottom=0, top=look.get("max", None) and look["max"] * 1.1)
    if not lines or axes.get_ylim()[1] <= 0:
        axes.set_ylim(0, 1)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: human(value, unit)))
    axes.xaxis.set_major_locator(dates.AutoDateLocator(minticks=5, maxticks=9))
    axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))
    axes.grid(color="#2c3235", linewidth=0.6)
    axes.tick_params(colors=FAINT, labelsize=8, length=0)
    if lines:
        columns = 2 if sum(len(name) for name, _, _ in lines) > 60 else 4
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.09), ncols=columns, fontsize=7.5, frameon=False,
                    labelcolor=INK, handlelength=1.2, columnspacing=1, labelspacing=0.25)  # fmt: skip
    else:
        axes.text(0.5, 0.5, "no data", color=FAINT, ha="center", va="center", transform=axes.transAxes)


def draw(prometheus: Prometheus, picture: Path, start: float, end: float) -> None:
    """Draw all panels where the dashboard has them."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    panels = dashboard["panels"]
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    wide, high = 20.0, height * 0.36
    mpl.rcParams["font.family"] = "DejaVu Sans"
    figure = plt.figure(figsize=(wide, high), facecolor=PAPER)
    for panel in panels:
        at = panel["gridPos"]
        left, top = at["x"] / 24, 1 - at["y"] / height
        if panel["type"] == "row":
            figure.text(
                left + 0.006, top - 0.7 / height, f"▾ {panel['title']}", color=INK, fontsize=13, weight="bold"
            )
            continue
        box = (left + 0.003, top - (at["h"] - 0.15) / height, at["w"] / 24 - 0.006, (at["h"] - 0.3) / height)
        figure.add_artist(mpl.patches.Rectangle(box[:2], box[2], box[3], color=PANEL, zorder=-1))
        figure.text(box[0] + 0.005, top - 0.75 / height, panel["title"], color=INK, fontsize=11)
        if panel["type"] == "stat":
            inner = (box[0], box[1], box[2], box[3] - 0.9 / height)
        else:
            inner = (box[0] + 0.026, box[1] + 2.3 / height, box[2] - 0.034, box[3] - 3.5 / height)
        axes = figure.add_axes(inner, facecolor=PANEL)
        for spine in axes.spines.values():
            spine.set_visible(False)
        lines = prometheus.series(panel)
        if panel["type"] == "stat":
            draw_stat(axes, panel, lines, _day(end - 2 * STEP))
        else:
            draw_lines(axes, panel, lines)
            axes.set_xlim(_day(start), _day(end))
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, dpi=75, facecolor=PAPER)


def main() -> None:
    """Draw as the command line says."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("url", help="where Prometheus is")
    arguments.add_argument("picture", type=Path)
    arguments.add_argument("--minutes", type=float, default=60)
    given = arguments.parse_args()
    end = time.time()
    start = end - 60 * given.minutes
    draw(Prometheus(given.url, start, end), given.picture, start, end)


if __name__ == "__main__":
    main()
