"""The command: watch the journey, write the report, and say how it ended."""

import json
import socket
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer

from app.cli.airgap.browser import find_chromium, walk_pages
from app.cli.airgap.journey import open_journey, take
from app.cli.airgap.judge import Seen, Step, Watcher, find_outside
from app.cli.airgap.report import Report, as_json, as_markdown
from app.cli.airgap.service import find_strace, serving, trace_file
from app.cli.airgap.trace import read_trace
from app.cli.running import cli, read_settings
from app.db.egress_refusals import Refusal, list_all
from app.db.session import Database
from app.egress.allow_list import Allowed, AllowList
from app.errors import CloisterError
from app.settings import Settings, list_named_hosts

Say = Callable[[str], None]
WALL: Final = Watcher("wall", True, "look-ups and connections of Python code, libraries included")


@cli.command("airgap-report")
def airgap_report(
    out: Annotated[Path, typer.Option(help="Where to write the report; NAME.json goes beside it.")] = Path(
        "airgap-report.md"
    ),
) -> None:
    """Run a whole journey in a service of its own, and report every address that was contacted.

    Needs nothing of the running service and touches nothing of it. Ends with 1 where anything outside the list was
    tried, or where the journey was not made to its end.
    """
    settings = read_settings()
    with tempfile.TemporaryDirectory(prefix="cloister-airgap-") as folder:
        report = make_report(Path(folder), settings, lambda text: typer.echo(text, err=True))
    write_report(report, out)
    typer.echo(f"{report.verdict} See {out}.")
    raise typer.Exit(0 if report.is_clean else 1)


def write_report(report: Report, out: Path) -> None:
    """Markdown at `out`, and JSON beside it."""
    out.write_text(as_markdown(report), encoding="utf-8")
    out.with_suffix(".json").write_text(json.dumps(as_json(report), indent=1, ensure_ascii=False), encoding="utf-8")


def make_report(
    folder: Path, settings: Settings, say: Say, *, most_steps: int | None = None, more: Mapping[str, str] | None = None
) -> Report:
    """Make the journey under watch. `most_steps`: how far to go; `more`: further environment of the service."""
    seen = Seen()
    strace = find_strace()
    chromium, browser = find_chromium(settings.crawl.browser)
    seen.watchers += [strace, WALL, browser]
    for each in seen.watchers:
        say(f"{'watching' if each.is_present else 'ABSENT'}: {each.name}, {each.note}")
    _travel(folder, seen, chromium, say, is_traced=strace.is_present, most_steps=most_steps, more=more or {})
    if strace.is_present and trace_file(folder).is_file():
        with trace_file(folder).open(encoding="utf-8", errors="replace") as lines:
            seen.trace = read_trace(lines)
    seen.refusals = _read_refusals(folder)
    named = list_named_hosts(settings)
    outside = find_outside(seen, _open_list(named))
    return Report(datetime.now(UTC), version("cloister"), seen, outside, named)


def _travel(
    folder: Path,
    seen: Seen,
    chromium: str,
    say: Say,
    *,
    is_traced: bool,
    most_steps: int | None,
    more: Mapping[str, str],
) -> None:
    def note(step: Step) -> None:
        seen.steps.append(step)
        say(f"{step.name}: {step.problem or 'done'} ({step.seconds:.1f} s)")

    try:
        with serving(folder, is_traced=is_traced, more=more) as service, open_journey(service) as journey:
            say(f"the service is ready at {service.url}")
            steps = journey.steps()
            if chromium:
                last = {name: steps.pop(name) for name in list(steps)[-3:]}
                steps["walk through the pages in a browser"] = walk_pages(
                    chromium, service.url, journey.password, seen.pages
                )
                steps |= last
            for name, step in list(steps.items())[:most_steps]:
                note(take(name, step))
    except CloisterError as exc:
        note(Step("start the service", 0.0, str(exc)))


def _read_refusals(folder: Path) -> list[Refusal]:
    path = folder / "data" / "cloister.sqlite"
    if not path.is_file():
        return []
    database = Database(f"sqlite:///{path}")
    try:
        with database.read() as session:
            return list_all(session)
    finally:
        database.close()


def _open_list(named: list[Allowed]) -> AllowList:
    """The list, with the addresses at which its names are to be found now."""
    allowed = AllowList()
    allowed.put("settings", named)
    for each in named:
        if allowed.find_name(each.target):
            try:
                found = socket.getaddrinfo(each.target, None, type=socket.SOCK_STREAM)
            except OSError:
                continue  # what has no address cannot have been contacted
            allowed.keep_allowed(each.target, [str(answer[4][0]) for answer in found])
    return allowed
