"""How backups look on a terminal, and as JSON."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from app.cli.show import out, print_json
from app.domain.backups import Holdings, Manifest

if TYPE_CHECKING:
    from app.backup.take import Taken

STAGES: Final = {
    "files": "Copying originals",
    "database": "Copying the database",
    "checking": "Checking the file",
    "unpacking": "Unpacking",
    "index": "Building the index",
    "rows": "Filling the database",
}
MOST_NAMED: Final = 5


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on stderr for each stage; it only moves where it is not known how much there is."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=None)

        def update(stage: str, done: int, total: int) -> None:
            bar.update(task, description=STAGES[stage], completed=done, total=total or None)

        yield update


def print_taken(taken: "Taken", *, as_json: bool) -> None:
    """What a new backup holds, and what it could not find."""
    manifest = taken.manifest
    if as_json:
        facts = {"file": str(taken.file), "size_bytes": taken.size_bytes, "encrypted": taken.is_encrypted}
        print_json(facts | _facts(manifest))
        return
    how = "encrypted" if taken.is_encrypted else "not encrypted: whoever has the file can read everything in it"
    out.print(f"{taken.file}: {taken.size_bytes / 1e6:,.1f} MB, {how}.")
    out.print(f"{_describe(manifest.holdings)}.")
    _print_missing(manifest)


def print_restored(manifest: Manifest, data_dir: Path, chunks: int | None, *, as_json: bool) -> None:
    """What was restored; `chunks` is None where the file was only checked."""
    if as_json:
        print_json(_facts(manifest) | {"data_dir": None if chunks is None else str(data_dir), "indexed_chunks": chunks})
        return
    about = manifest.about
    out.print(
        f"Taken on {about.taken_at:%Y-%m-%d at %H:%M} UTC with Cloister {about.product}, schema {about.revision}."
    )
    out.print(f"{_describe(manifest.holdings)}.")
    _print_missing(manifest)
    if chunks is None:
        out.print("The file is whole.")
    else:
        out.print(f"Restored to {data_dir}; {chunks:,} chunks are in the index. Browsers have to sign in again.")


def _facts(manifest: Manifest) -> dict[str, object]:
    about, holdings = manifest.about, manifest.holdings
    return {
        "id": about.id,
        "taken_at": about.taken_at.isoformat(),
        "product": about.product,
        "revision": about.revision,
        **asdict(holdings),
        "files": len(manifest.members),
        "missing": list(manifest.missing),
    }


def _describe(holdings: Holdings) -> str:
    bases = f"{holdings.knowledge_bases:,} knowledge base{'' if holdings.knowledge_bases == 1 else 's'}"
    return f"{bases}, {holdings.documents:,} documents, {holdings.chunks:,} chunks"


def _print_missing(manifest: Manifest) -> None:
    if not manifest.missing:
        return
    named = ", ".join(manifest.missing[:MOST_NAMED]) + (" …" if len(manifest.missing) > MOST_NAMED else "")
    out.print(f"{len(manifest.missing)} files are not in the store, and so not in the backup either: {named}")
