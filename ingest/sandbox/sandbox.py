"""The sandbox: what the service calls to have files read by processes that may die of it."""

import base64
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from app.domain import ParsedDocument, Picture, Rect, Selected
from app.errors import CloisterError, EngineUnavailable, Rejected, UnreadableDocument
from app.settings import Settings
from ingest.sandbox import wire
from ingest.sandbox.cells import unpack
from ingest.sandbox.child_process import ChildProcess, Request
from ingest.sandbox.crew import Crew
from ingest.sandbox.watch import Crashed, Lost, TookTooLong, TookTooMuch
from ingest.sandbox.wire import Garbage, Kind
from ingest.sandbox.workspaces import Workspace, Workspaces

if TYPE_CHECKING:
    # The service itself need not load the parsers.
    from ingest.parse.options import Report

T = TypeVar("T")
Read = Callable[[Kind, bytes, Workspace], T]
log = logging.getLogger("cloister")

# A person waits for the picture.
RENDER_S: Final = 30
# The same, and OCR of a large picture takes its time.
LOOK_S: Final = 90
PNG: Final = b"\x89PNG\r\n\x1a\n"
JPEG: Final = b"\xff\xd8\xff"
# A request must fit into a pipe, which holds 64 KiB; a page has not nearly as many lines.
MOST_HIGHLIGHTS: Final = 400
LONGEST_QUERY: Final = 48 * 1024
# DuckDB is asked to stop first: a child that is stopped must be started again.
STOP_AFTER_S: Final = 2
# The process itself needs some of its memory, and DuckDB keeps to its limit only roughly.
DUCKDB_PART: Final = 0.5


class ParserFailed(Exception):
    """A bug in a parser: the exception's type and where it was raised."""


class Sandbox:
    """Child processes that read files. Built once; every method may be called by several threads at once."""

    def __init__(
        self,
        settings: Settings,
        *,
        processes: int,
        folder: Path,
        child: str = "ingest.sandbox.child",
        table_child: str = "ingest.sandbox.table_child",
    ) -> None:
        """At most `processes` documents are read at once, and one more child draws pages. None is started yet.

        `folder` holds the workspaces; those that a crash left there are deleted. `child` and `table_child` are the
        modules that children run: tests have some that hang, crash and lie.
        """
        self._limits, self._tables = settings.limits, settings.tables
        self._workspaces = Workspaces(folder)
        set_up = wire.SetUp(
            limits=settings.limits,
            ocr=settings.ocr,
            pdf=settings.parse.pdf.model_copy(update={"passwords": ()}),
            languages=settings.sparse.languages,
            passwords=tuple(secret.get_secret_value() for secret in settings.parse.pdf.passwords),
        )
        children = [ChildProcess(child, set_up, self._workspaces.folder) for _ in range(processes + 1)]
        # Pages have a child of their own, so that none waits behind a long document.
        self._parsers, self._renderers = Crew(children[1:]), Crew(children[:1])
        table_limits = settings.limits.model_copy(update={"memory_mb": settings.tables.memory_mb})
        table_set_up = replace(set_up, limits=table_limits, passwords=())
        self._askers = Crew(
            [ChildProcess(table_child, table_set_up, self._workspaces.folder) for _ in range(settings.tables.processes)]
        )

    def warm(self) -> None:
        """Start children in the background, so that the first document and the first question need not wait."""
        self._parsers.warm()
        self._askers.warm()

    @contextmanager
    def parse(
        self,
        path: Path,
        name: str,
        *,
        depth: int,
        password: str | None,
        report: "Report",
        is_cancelled: Callable[[], bool],
    ) -> Iterator[ParsedDocument]:
        """The parsed document, as `ingest.parse.parse` gives it. Its attachments and tables are gone on leaving.

        Waits while all children are busy. `report` and `is_cancelled` are called by the calling thread; an error
        that one of them raises stops the reading.
        Raises UnreadableDocument, Cancelled; EngineUnavailable when no child starts or the sandbox is closed.
        """
        self._parsers.require_open()
        with self._workspaces.open() as workspace:
            work = wire.ParseRequest(path.absolute(), name, workspace.kept, workspace.scratch, depth, password)
            body = wire.PARSE_REQUEST.dump_json(work)
            request = Request(Kind.PARSE, body, self._limits.seconds, report, is_cancelled)
            try:
                parsed = _ask(self._parsers, request, workspace, _read_document)
            except (Lost, Garbage, ParserFailed) as exc:
                raise UnreadableDocument(self._sentence(name, exc)) from exc
            yield parsed

    def render_page(
        self, path: Path, number: int, *, passwords: Sequence[str], width_px: int, highlights: Sequence[Rect]
    ) -> bytes:
        """A page as a PNG picture, as `ingest.parse.page_image.render_page` gives it.

        Raises UnreadableDocument; EngineUnavailable when no child starts or the sandbox is closed.
        """
        self._renderers.require_open()
        shown = tuple(highlights[:MOST_HIGHLIGHTS])
        with self._workspaces.open() as workspace:
            work = wire.RenderRequest(path.absolute(), workspace.scratch, number, tuple(passwords), width_px, shown)
            body = wire.RENDER_REQUEST.dump_json(work)
            request = Request(Kind.RENDER, body, RENDER_S, _unobserved, _never)
            try:
                return _ask(self._renderers, request, workspace, _read_picture)
            except (Lost, Garbage, ParserFailed) as exc:
                raise UnreadableDocument(f"Page {number} cannot be shown: {exc}.", page_no=number) from exc

    def look(self, path: Path) -> Picture:
        """A picture of a question, as `ingest.parse.question_picture.look_at_picture` gives it.

        Raises UnreadableDocument; EngineUnavailable when no child starts or the sandbox is closed.
        """
        self._renderers.require_open()
        with self._workspaces.open() as workspace:
            work = wire.LookRequest(path.absolute(), workspace.scratch)
            request = Request(Kind.LOOK, wire.LOOK_REQUEST.dump_json(work), LOOK_S, _unobserved, _never)
            try:
                return _ask(self._renderers, request, workspace, _read_seen)
            except (Lost, Garbage, ParserFailed) as exc:
                raise UnreadableDocument(f"The picture cannot be read: {exc}. Send it smaller, or without it.") from exc

    def select(self, tables_file: Path, query: str, *, max_rows: int) -> Selected:
        """One SELECT over a file of tables, in a child that is stopped at the limits of the settings `tables`.

        Raises Rejected where the query is no single SELECT, calls what is not allowed, is wrong or goes beyond a
        limit; EngineUnavailable when the file cannot be opened, no child starts or the sandbox is closed.
        """
        self._askers.require_open()
        if len(query.encode(errors="replace")) > LONGEST_QUERY:
            raise Rejected("The query is too long.")
        limits = self._tables
        memory_mb = int(limits.memory_mb * DUCKDB_PART)
        work = wire.SelectRequest(tables_file.absolute(), query, max_rows, limits.timeout_s, memory_mb, limits.threads)
        request = Request(
            Kind.SELECT, wire.SELECT_REQUEST.dump_json(work), limits.timeout_s + STOP_AFTER_S, _unobserved, _never
        )
        with self._workspaces.open() as workspace:
            try:
                return _ask(self._askers, request, workspace, _read_selected)
            except (Lost, Garbage, ParserFailed) as exc:
                raise Rejected(f"The query was stopped: {exc}. Ask for less.") from exc

    def close(self) -> None:
        """Stop all children. Documents that are being read end with EngineUnavailable."""
        self._parsers.close()
        self._renderers.close()
        self._askers.close()
        self._workspaces.close()

    def _sentence(self, name: str, exc: Exception) -> str:
        match exc:
            case TookTooLong():
                return (
                    f"{name} took longer than {self._limits.seconds} seconds to read and was stopped; "
                    "split it or raise limits.seconds."
                )
            case TookTooMuch():
                return (
                    f"{name} needed more than {self._limits.memory_mb} MiB of memory and was stopped; "
                    "split it or raise limits.memory_mb."
                )
            case Crashed():
                return (
                    f"{name} crashed the program that read it ({exc}). Open it where it was made, save it again and "
                    "add that; if that does not help, report it."
                )
            case ParserFailed():
                return (
                    f"{name} could not be read because of an error in Cloister ({exc}). Open it where it was made, "
                    "save it again and add that; if that does not help, report it."
                )
            case _:
                return (
                    f"{name} was refused: the program that read it gave {exc}. The file may be made to do harm; "
                    "add it only if you know where it comes from, saved again."
                )


def _ask(crew: Crew, request: Request, workspace: Workspace, read: Read[T]) -> T:
    """Ask a child; once more when it crashed and had worked before, as an earlier document may be at fault."""
    with crew.lend(request.is_cancelled) as child:
        is_used = child.is_running and child.served > 0
        try:
            return _ask_once(child, request, workspace, read)
        except Crashed:
            crew.require_open()
            if not is_used:
                raise
        workspace.clear()
        return _ask_once(child, request, workspace, read)


def _ask_once(child: ChildProcess, request: Request, workspace: Workspace, read: Read[T]) -> T:
    """A child that was lost or talks nonsense is not asked again."""
    try:
        return read(*child.ask(request), workspace)
    except (Lost, Garbage) as exc:
        child.stop()
        log.warning("A child of the sandbox was lost: %s", exc)
        raise


def _read_document(kind: Kind, body: bytes, workspace: Workspace) -> ParsedDocument:
    if kind is not Kind.DOCUMENT:
        _raise_refusal(kind, body)
    document = wire.read_body(wire.DOCUMENT, body)
    workspace.require_inside(document)
    return document


def _read_picture(kind: Kind, body: bytes, _workspace: Workspace) -> bytes:
    if kind is not Kind.PICTURE:
        _raise_refusal(kind, body)
    if not body.startswith(PNG):
        raise Garbage("a picture that is none")
    return body


def _read_seen(kind: Kind, body: bytes, _workspace: Workspace) -> Picture:
    if kind is not Kind.SEEN:
        _raise_refusal(kind, body)
    seen = wire.read_body(wire.SEEN, body)
    try:
        image = base64.b64decode(seen.image, validate=True)
    except ValueError:
        raise Garbage("a picture that is none") from None
    if not image.startswith((PNG, JPEG)):
        raise Garbage("a picture that is none")
    return Picture(image, seen.text)


def _read_selected(kind: Kind, body: bytes, _workspace: Workspace) -> Selected:
    if kind is not Kind.SELECTED:
        _raise_refusal(kind, body)
    return unpack(wire.read_body(wire.SELECT_ANSWER, body))


def _raise_refusal(kind: Kind, body: bytes) -> NoReturn:
    """Raises what the child says instead of a result: Rejected, EngineUnavailable, or what stops it."""
    match kind:
        case Kind.UNREADABLE | Kind.UNAVAILABLE | Kind.REJECTED:
            refusal = wire.read_body(wire.REFUSAL, body)
            raise _as_error(kind, refusal)
        case Kind.OUT_OF_MEMORY:
            raise TookTooMuch("it ran out of memory")
        case Kind.FAILED:
            failure = wire.read_body(wire.FAILURE, body)
            log.error("A parser failed: %s at %s", failure.error, failure.place)
            raise ParserFailed(f"{failure.error} at {failure.place}")
        case _:
            raise Garbage("an answer out of order")


def _as_error(kind: Kind, refusal: wire.Refusal) -> CloisterError:
    if kind is Kind.UNAVAILABLE:
        return EngineUnavailable(refusal.message)
    if kind is Kind.REJECTED:
        return Rejected(refusal.message)
    return UnreadableDocument(refusal.message, page_no=refusal.page_no)


def _never() -> bool:
    return False


def _unobserved(_done: int, _total: int) -> None:
    pass
