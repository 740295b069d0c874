"""What a benchmark found: figures, a table of them, and a JSON file that keeps them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.machine import Machine, read_commit, read_machine


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number beside its limit. `target` is a sentence; `is_met` is None where there is none.

    Figures of one `group` have a table of their own.
    """

    name: str
    unit: str
    ours: float
    limit: float | None = None
    ratio: float | None = None
    target: str = ""
    is_met: bool | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark found. `notes` are sentences: choices made during the run, what was skipped."""

    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = field(default=())


def compare(
    name: str,
    unit: str,
    ours: Sequence[float],
    limit: Sequence[float],
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Figure:
    """Medians of two series measured in turns, and the median of the ratios pair by pair."""
    ratio = median(mine / bare for mine, bare in zip(ours, limit, strict=True))
    return _judged(name, unit, median(ours), median(limit), ratio, at_least, at_most)


def compare_percentile(
    name: str, unit: str, percent: float, ours: Sequence[float], limit: Sequence[float], *, at_most: float | None = None
) -> Figure:
    """The same percentile of two series, and its ratio."""
    mine, bare = (float(np.percentile(series, percent)) for series in (ours, limit))
    return _judged(name, unit, mine, bare, mine / bare, None, at_most)


def _judged(
    name: str, unit: str, ours: float, limit: float, ratio: float, at_least: float | None, at_most: float | None
) -> Figure:
    if at_least is not None:
        return Figure(name, unit, ours, limit, ratio, f"ratio ≥ {at_least:g}", ratio >= at_least)
    if at_most is not None:
        return Figure(name, unit, ours, limit, ratio, f"ratio ≤ {at_most:g}", ratio <= at_most)
    return Figure(name, unit, ours, limit, ratio)


def print_result(name: str, result: Result) -> None:
    """A table for each group on stdout, the notes below them."""
    console = Console(width=None if Console().is_terminal else 120)
    for group, figures in groupby(result.figures, key=lambda figure: figure.group):
        console.print(_table(f"{name}: {group}" if group else name, figures))
    for note in result.notes:
        console.print(f"· {note}", markup=False, highlight=False)


def _table(title: str, figures: Iterable[Figure]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("")
    for column in ("ours", "limit", "unit", "ratio", "target", "met"):
        table.add_column(column, justify="left" if column in ("unit", "target") else "right")
    for figure in figures:
        table.add_row(
            figure.name,
            _number(figure.ours),
            _number(figure.limit),
            figure.unit,
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            figure.target,
            {True: "yes", False: "NO", None: ""}[figure.is_met],
        )
    return table


def save_result(name: str, size: str, result: Result, folder: Path) -> Path:
    """Keep the figures with the facts of the machine and the code that they were measured on."""
    now = datetime.now(UTC)
    machine: Machine = read_machine()
    commit = read_commit()
    path = folder / f"{name}-{now:%Y%m%dT%H%M%SZ}-{commit}.json"
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "benchmark": name,
        "size": size,
        "measured_at": now.isoformat(timespec="seconds"),
        "commit": commit,
        "machine": asdict(machine),
        "figures": [asdict(figure) for figure in result.figures],
        "notes": list(result.notes),
    }
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
