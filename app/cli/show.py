"""How results look on a terminal, and as JSON."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from app.domain import AddedHow, FlagReason
from app.domain.answers import first_word_ms, search_ms

Record = dict[str, Any]
# Further rows of a computed result are in the JSON.
MOST_ROWS = 20
FLAGS = {
    FlagReason.INSTRUCTIONS: "reads like instructions to the assistant",
    FlagReason.HIDDEN_TEXT: "hides text",
    FlagReason.NEAR_COPIES: "one claim in many near-copies",
}
out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def print_json(document: object) -> None:
    """One JSON document on stdout and nothing else."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[Record], None]]:
    """A bar on stderr: percent, documents, pages, chunks and their rate, time left."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[facts]}"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as bar:
        task = bar.add_task("Indexing", total=None, facts="")

        def update(job: Record) -> None:
            # Before anything is found there is nothing to measure by: the bar then only moves.
            total = 100 if job["total"] else None
            bar.update(task, completed=job["progress"]["percent"], total=total, facts=describe_progress(job))

        yield update


def describe_progress(job: Record) -> str:
    """How far a job is, in one line."""
    progress = job["progress"]
    parts = [f"{job['done']:,} of {job['total']:,} documents"]
    if progress["pages"]:
        parts.append(f"{progress['pages']:,} pages")
    parts.append(f"{progress['chunks']:,} chunks, {progress['chunks_per_second']:,.0f} a second")
    if progress["seconds_left"] is not None:
        parts.append(f"{_duration(progress['seconds_left'])} left")
    return " · ".join(parts)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def print_outcomes(outcomes: Sequence[Record], *, as_json: bool) -> None:
    """What became of each document of an ingest."""
    if as_json:
        print_json({"outcomes": outcomes})
        return
    for outcome in outcomes:
        facts = (
            f"{outcome['pages']} pages, {outcome['chunks']} chunks"
            if outcome["pages"]
            else f"{outcome['chunks']} chunks"
        )
        detail = outcome["error"] or (facts if outcome["status"] == "indexed" else "")
        out.print(f"{outcome['status']:<10} {outcome['source']}  {detail}")
    out.print(_summary(outcomes))


def print_passages(passages: Sequence[Record], *, as_json: bool) -> None:
    """Passages with their place."""
    if as_json:
        print_json({"passages": passages})
        return
    for passage in passages:
        out.print(f"[{passage['rank']}] {_place(passage)}  ({passage['score']:.3f})", style="bold")
        if said := describe_provenance(passage):
            out.print(said, style="dim")
        out.print(passage["text"], "", sep="\n")
    if not passages:
        out.print("Nothing was found.")


def print_answer(answer: Record, *, as_json: bool) -> None:
    """The answer and, below it, where each citation stands."""
    if as_json:
        print_json(answer)
        return
    out.print(answer["answer"], "", sep="\n")
    if answer["table"]:
        _print_result(answer["table"])
    for citation in answer["citations"]:
        note = "" if citation["verified"] else "  (not verified)"
        out.print(f"[{citation['n']}] {_place(citation)}: “{citation['quote']}”{note}")
        if said := describe_provenance(citation):
            out.print(f"    {said}", style="dim")
    if waiting := answer["on_their_way"]:
        documents = "1 document is" if waiting == 1 else f"{waiting} documents are"
        out.print("", f"{documents} still being taken in; ask again later for an answer that knows of them.", sep="\n")
    out.print("", describe_timings(answer["timings_ms"]), sep="\n", style="dim")


def describe_provenance(record: Record) -> str:
    """Who put the document in, when, and what it is flagged for, in one line; "" where nothing is known."""
    added = record.get("added")
    parts = [f"{_adder(added)} on {str(added['at'])[:10]}"] if added else []
    if flags := record.get("flags"):
        parts.append(f"flagged for review: {', '.join(FLAGS[flag] for flag in flags)}")
    return " · ".join(parts)


def _adder(added: Record) -> str:
    name = _printable(added["by"])
    said = {
        AddedHow.PERSON: f"added by {name}",
        AddedHow.MACHINE: "added on this machine",
        AddedHow.LEFT: "added by a person who has left",
        AddedHow.SITE: f"read from {name}",
        AddedHow.UNKNOWN: "added",
    }
    return said[AddedHow(added["how"])]


def describe_timings(timings_ms: dict[str, float]) -> str:
    """How long an answer took in all, its search, and the wait for the first word where a model wrote it."""
    parts = [f"answered in {timings_ms['total'] / 1000:.1f} s", f"search {search_ms(timings_ms) / 1000:.2f} s"]
    if waited := first_word_ms(timings_ms):
        parts.append(f"first word {waited / 1000:.1f} s")
    return " · ".join(parts)


def print_documents(documents: Sequence[Record], *, as_json: bool) -> None:
    """A table of documents."""
    if as_json:
        print_json({"documents": documents})
        return
    _print_table(("id", "name", "knowledge_base", "media_type", "pages", "chunks"), documents)


def print_removed(removed: Record, *, as_json: bool) -> None:
    """What deleting took away."""
    if as_json:
        print_json(removed)
        return
    counts = [f"{number:,} {name}" for name, number in removed.items() if number]
    out.print(f"Removed {', '.join(counts)}.")


def print_sources(sources: Sequence[Record], *, as_json: bool) -> None:
    """A table of sources, and below it what stood in the way of any."""
    if as_json:
        print_json({"sources": sources})
        return
    shown = [source | {"schedule": _when(source)} for source in sources]
    _print_table(("id", "location", "knowledge_base", "schedule", "checked_at", "next_at"), shown)
    for source in sources:
        if source["error"]:
            out.print(f"{source['location']}: {_printable(source['error'])}")


def _when(source: Record) -> str:
    if source["is_paused"]:
        return "paused"
    return f"{source['schedule']} {source['time_zone']}" if source["schedule"] else "when told to"


@contextmanager
def run_progress(*, quiet: bool) -> Iterator[Callable[[Record], None]]:
    """A line on stderr while a site is visited."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[facts]}"))
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as bar:
        task = bar.add_task("Crawling", total=None, facts="")

        def update(run: Record) -> None:
            bar.update(task, facts=_summary_of_run(run))

        yield update


def print_run(run: Record, *, as_json: bool) -> None:
    """What a visit of a site found."""
    if as_json:
        print_json({"run_id": run["id"], "pages": run["pages"], "embedded_chunks": run["embedded_chunks"], "run": run})
        return
    out.print(f"Run {run['id']}: {_summary_of_run(run)}.")
    out.print(
        f"{run['requests']:,} requests, {run['bytes_read'] / 1e6:,.1f} MB, {run['embedded_chunks']:,} chunks embedded, "
        f"{_duration(run['seconds'])}."
    )
    if run["beyond_limits"]:
        out.print(f"{run['beyond_limits']:,} addresses were beyond the limits of depth and number.")
    for note in run["notes"]:
        out.print(note)


def _summary_of_run(run: Record) -> str:
    named = ("added", "changed", "unchanged", "removed", "failed")
    return ", ".join(f"{run['pages'][name]:,} {name}" for name in named)


def print_runs(runs: Sequence[Record], *, as_json: bool) -> None:
    """A table of runs."""
    if as_json:
        print_json({"runs": runs})
        return
    shown = [run | {"pages": _summary_of_run(run)} for run in runs]
    _print_table(("id", "started_at", "state", "pages", "requests", "seconds", "error"), shown)


def print_run_pages(pages: Sequence[Record], *, as_json: bool) -> None:
    """The pages of a run that are news."""
    if as_json:
        print_json({"pages": pages})
        return
    for page in pages:
        out.print(f"{page['outcome']:<9} {page['url']}" + (f"  {_printable(page['note'])}" if page["note"] else ""))


def print_generations(generations: Sequence[Record], *, as_json: bool) -> None:
    """A table of generations."""
    if as_json:
        print_json({"generations": generations})
        return
    _print_table(("id", "state", "splitter", "chunk_size", "overlap", "chunks", "created_at"), generations)


def print_questions(questions: Sequence[Record], *, as_json: bool) -> None:
    """Each question with its evidence."""
    if as_json:
        print_json({"questions": questions})
        return
    for each in questions:
        out.print(_printable(each["text"]))
        out.print(f"    {_printable(each['document'])}: “{_printable(each['quote'])}”")


def print_imported(imported: Record, *, as_json: bool) -> None:
    """How many questions were kept, and why others were not."""
    if as_json:
        print_json(imported)
        return
    out.print(f"{imported['kept']} questions kept.", *map(_printable, imported["refused"]), sep="\n")


def print_measured(measured: Record, compared: Record | None, *, as_json: bool) -> None:
    """Each figure with its interval, and the comparison as a sentence."""
    if as_json:
        print_json({"measured": measured, "compared": compared})
        return
    for name in ("recall", "precision", "iou", "reciprocal_rank"):
        each = measured[name]
        out.print(f"{name.replace('_', ' '):<16} {each['mean']:.3f}  (95 %: {each['low']:.3f} to {each['high']:.3f})")
    out.print(f"{measured['questions']} questions, {measured['k']} passages each.")
    for text in measured["lost"]:
        out.print(f"Not asked, its quote is gone: {_printable(text)}")
    if compared:
        out.print(f"Beside what answers: {compared['sentence']}")


def print_jobs(jobs: Sequence[Record], *, as_json: bool) -> None:
    """A table of jobs."""
    if as_json:
        print_json({"jobs": jobs})
        return
    _print_table(("id", "knowledge_base", "state", "created_at", "error"), jobs)


def print_key(key: Record, *, as_json: bool) -> None:
    """A new API key, alone on its line so that a script can take it."""
    if as_json:
        print_json(key)
        return
    out.print(key["key"])


def print_findings(findings: Sequence[Record], *, as_json: bool) -> None:
    """What the doctor found."""
    if as_json:
        print_json({"findings": findings})
        return
    for finding in findings:
        out.print(f"{finding['status']:<8} {finding['check']}: {finding['detail']}")
        if finding["advice"]:
            out.print(f"         {finding['advice']}")


def _summary(outcomes: Sequence[Record]) -> str:
    """How many documents met which fate, and how much text came in."""
    fates = Counter(outcome["status"] for outcome in outcomes)
    pages, chunks = (sum(outcome[key] for outcome in outcomes) for key in ("pages", "chunks"))
    size = f" ({pages} pages, {chunks} chunks)" if pages else f" ({chunks} chunks)"
    parts = [f"{number} {fate}{size if fate == 'indexed' else ''}" for fate, number in fates.items()]
    return f"{', '.join(parts)}." if parts else "There was nothing to read."


def _place(record: Record) -> str:
    if record.get("web"):
        return f"Web, {record['document']}, {record['url']}"
    return f"{record['document']}, page {record['page']}" if record["page"] else str(record["document"])


def _print_result(table: Record) -> None:
    """The query and its first rows. Cells come from files: what would steer a terminal is left out."""
    out.print(_printable(table["sql"]), "", sep="\n")
    columns = [_printable(name) for name in table["columns"]]
    rows = [dict(zip(columns, map(_printable, row), strict=True)) for row in table["rows"][:MOST_ROWS]]
    _print_table(columns, rows)
    more = len(table["rows"]) - len(rows)
    if more or table["is_cut"]:
        out.print(f"… and {more}{' or more' if table['is_cut'] else ''} further rows")
    if not table["sure"]:
        out.print("not sure" + (f": without {', '.join(table['unused'])}" if table["unused"] else ""))
    out.print("")


def _printable(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return "".join(character if character.isprintable() or character == "\n" else " " for character in text)


def _print_table(columns: Sequence[str], records: Sequence[Record]) -> None:
    """Columns side by side, nothing cut: an id must be there in full to be copied."""
    rows = [[column.replace("_", " ") for column in columns]]
    rows += [["" if record[column] is None else str(record[column]) for column in columns] for record in records]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        out.print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
