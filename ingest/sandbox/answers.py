"""The answers of a child: what a request asks for, or why there is none."""

import base64
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from app.domain import ParsedDocument
from app.errors import EngineUnavailable, Rejected, UnreadableDocument
from ingest.parse.options import ParseOptions, Report
from ingest.sandbox import wire
from ingest.sandbox.wire import MIB, Kind

Parse = Callable[[Path, str, ParseOptions, Report], ParsedDocument]
Say = Callable[[Kind, bytes], None]


class Answers:
    """What a child can do. `say` sends how far a parse has come."""

    def __init__(self, set_up: wire.SetUp, parse: Parse, say: Say) -> None:
        passwords = tuple(SecretStr(password) for password in set_up.passwords)
        pdf = set_up.pdf.model_copy(update={"passwords": passwords})
        self._options = ParseOptions(Path(), set_up.limits, set_up.ocr, pdf, set_up.languages)
        self._parse = parse
        self._say = say

    def answer(self, kind: Kind, body: bytes) -> tuple[Kind, bytes]:
        """The frame that answers the request, whatever happens."""
        try:
            match kind:
                case Kind.PARSE:
                    return self._parse_document(wire.read_body(wire.PARSE_REQUEST, body))
                case Kind.RENDER:
                    return self._render_page(wire.read_body(wire.RENDER_REQUEST, body))
                case Kind.LOOK:
                    return self._look(wire.read_body(wire.LOOK_REQUEST, body))
                case Kind.SELECT:
                    return self._select_rows(wire.read_body(wire.SELECT_REQUEST, body))
                case _:
                    raise wire.Garbage("an answer as a request")
        except UnreadableDocument as exc:
            return Kind.UNREADABLE, _refusal(str(exc), exc.page_no)
        except Rejected as exc:
            return Kind.REJECTED, _refusal(str(exc), None)
        except EngineUnavailable as exc:
            return Kind.UNAVAILABLE, _refusal(str(exc), None)
        except MemoryError:
            return Kind.OUT_OF_MEMORY, b""
        except Exception as exc:  # noqa: BLE001 - a bug in a parser fails its document, and the service writes it down
            return Kind.FAILED, wire.FAILURE.dump_json(wire.Failure.of(exc))

    def _parse_document(self, request: wire.ParseRequest) -> tuple[Kind, bytes]:
        _use_scratch(request.scratch)
        options = replace(self._options, workspace=request.workspace, depth=request.depth, password=request.password)
        body = wire.DOCUMENT.dump_json(self._parse(request.path, request.name, options, self._report))
        most_bytes = wire.MOST_BYTES[Kind.DOCUMENT]
        if len(body) > most_bytes:
            raise UnreadableDocument(
                f"{request.name} holds {len(body) // MIB} MiB of text, more than the {most_bytes // MIB} MiB that one "
                "document may have; split it."
            )
        return Kind.DOCUMENT, body

    def _render_page(self, request: wire.RenderRequest) -> tuple[Kind, bytes]:
        # Not with the parsers: most children never draw a page.
        from ingest.parse.page_image import render_page

        _use_scratch(request.scratch)
        picture = render_page(
            request.path,
            request.number,
            passwords=request.passwords,
            width_px=request.width_px,
            highlights=request.highlights,
        )
        return Kind.PICTURE, picture

    def _look(self, request: wire.LookRequest) -> tuple[Kind, bytes]:
        from ingest.parse.question_picture import look_at_picture

        _use_scratch(request.scratch)
        picture = look_at_picture(request.path, self._options.ocr)
        seen = wire.Seen(base64.b64encode(picture.image).decode(), picture.text)
        return Kind.SEEN, wire.SEEN.dump_json(seen)

    def _select_rows(self, request: wire.SelectRequest) -> tuple[Kind, bytes]:
        # Not with the parsers: the children that read documents ask no tables.
        from ingest.sandbox.cells import pack
        from ingest.sandbox.tables import QueryLimits, select_rows

        limits = QueryLimits(request.max_rows, request.timeout_s, request.memory_mb, request.threads)
        body = wire.SELECT_ANSWER.dump_json(pack(select_rows(request.path, request.query, limits)))
        if len(body) > wire.MOST_BYTES[Kind.SELECTED]:
            raise Rejected("The query gives too much text; ask for less.")
        return Kind.SELECTED, body

    def _report(self, done: int, total: int) -> None:
        self._say(Kind.PROGRESS, wire.PROGRESS.dump_json(wire.Progress(done, total)))


def _use_scratch(folder: Path) -> None:
    """Temporary files, those of other programs too, go where they are cleared away after a crash."""
    tempfile.tempdir = str(folder)
    os.environ["TMPDIR"] = str(folder)


def _refusal(message: str, page_no: int | None) -> bytes:
    sendable = message[: wire.LONGEST_MESSAGE].encode(errors="replace").decode()
    return wire.REFUSAL.dump_json(wire.Refusal(sendable, page_no))
