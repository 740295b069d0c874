"""The report: Markdown for people, JSON for programs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from app.cli.airgap.judge import Finding, Seen
from app.egress.allow_list import Allowed


@dataclass(frozen=True, slots=True)
class Report:
    """What was watched and what lies outside. `allowed`: what the settings name besides this machine."""

    at: datetime
    version: str
    seen: Seen
    outside: Sequence[Finding]
    allowed: Sequence[Allowed]

    @property
    def problems(self) -> list[str]:
        """Steps that did not come to their end: what was not done was not watched."""
        return [f"{each.name}: {each.problem}" for each in self.seen.steps if each.problem]

    @property
    def is_clean(self) -> bool:
        """Whether the whole journey was made, and nothing outside the list was tried."""
        return not self.outside and not self.problems

    @property
    def verdict(self) -> str:
        """The outcome in a sentence."""
        if self.outside:
            number = len(self.outside)
            return f"{number} {'address' if number == 1 else 'addresses'} outside the list were tried."
        if self.problems:
            return "Nothing outside the list was tried, but the journey was not made to its end: this proves nothing."
        absent = [each.name for each in self.seen.watchers if not each.is_present]
        blind = f" Not watched: {', '.join(absent)}." if absent else ""
        return f"The whole journey was made, and no address outside the list was tried.{blind}"


def as_json(report: Report) -> dict[str, Any]:
    """The same for programs; counts by process, and by host for the pages in the browser."""
    trace = report.seen.trace
    return {
        "at": report.at.isoformat(timespec="seconds"),
        "version": report.version,
        "is_clean": report.is_clean,
        "verdict": report.verdict,
        "watchers": [asdict(each) for each in report.seen.watchers],
        "steps": [asdict(each) for each in report.seen.steps],
        "allowed": [asdict(each) for each in report.allowed],
        "outside": [asdict(each) for each in report.outside],
        "contacts": [{**asdict(each), "count": count} for each, count in sorted(trace.contacts.items())],
        "looked_up": [{"process": who, "name": name, "count": n} for (who, name), n in sorted(trace.looked_up.items())],
        "listened": [{**asdict(each), "count": count} for each, count in sorted(trace.listened.items())],
        "programs": dict(sorted(trace.programs.items())),
        "pages": dict(sorted(report.seen.pages.items())),
        "refused": [{"host": r.host, "port": r.port, "by": r.asked_by, "count": r.count} for r in report.seen.refusals],
    }


def as_markdown(report: Report) -> str:
    """The same for people."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    seen, trace = report.seen, report.seen.trace
    yield "# Air-gap report"
    yield f"\nCloister {report.version}, {report.at:%Y-%m-%d %H:%M} UTC.\n\n**{report.verdict}**"
    yield "\n## Outside the list\n"
    yield from _table("Seen by|Who|What|Times", ((f.seen_by, f.who, f.what, f.count) for f in report.outside))
    yield "\n## Who watched\n"
    yield from _table(
        "Watcher|Present|What", ((w.name, "yes" if w.is_present else "NO", w.note) for w in seen.watchers)
    )
    yield "\n## The journey\n"
    rows = ((each.name, f"{each.seconds:.1f}", each.problem or "done") for each in seen.steps)
    yield from _table("Step|Seconds|Outcome", rows)
    yield "\n## What may be connected to\n"
    named = ((each.target, each.reason) for each in report.allowed)
    yield from _table("Host|Named by", (("this machine", "always"), *named))
    yield "\n## Addresses contacted, by process\n"
    yield from _table(
        "Process|Address|Port|Times", ((c.process, c.address, c.port, n) for c, n in _sorted(trace.contacts))
    )
    yield "\n## Names looked up\n"
    yield from _table("Process|Name|Times", ((who, name, n) for (who, name), n in sorted(trace.looked_up.items())))
    yield "\n## Hosts that pages asked in the browser\n"
    yield from _table("Host|Requests", sorted(seen.pages.items()))
    yield "\n## Refused by the wall\n"
    yield from _table("Host|Port|Asked by|Times", ((r.host, r.port, r.asked_by, r.count) for r in seen.refusals))
    yield "\n## Addresses listened on\n"
    yield from _table("Process|Address|Port", ((c.process, c.address, c.port) for c, _ in _sorted(trace.listened)))
    yield "\n## Programs started\n"
    yield from _table("Program|Times", sorted(trace.programs.items()))


def _sorted(counter: Any) -> list[Any]:
    return sorted(counter.items())


def _table(heading: str, rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A table, or the word that there is nothing in it."""
    written = [list(map(_cell, row)) for row in rows]
    if not written:
        yield "None."
        return
    names = heading.split("|")
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    yield from (f"| {' | '.join(row)} |" for row in written)


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")
