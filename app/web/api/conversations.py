"""One's own conversations of the chat: pinned, branched, taken away. Nobody reads somebody else's here."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse

from app.access import Caller
from app.domain.conversations import Conversation
from app.operations import comparisons, conversations
from app.web.api.caller import CallerOf, ServicesOf
from app.web.api.models.conversations import BranchRequest, ConversationExport, ConversationOut, Opened
from app.web.chat.transcript import file_name, render_transcript
from app.web.chat.words import Words, words_for

router = APIRouter(tags=["conversations"])
Format = Literal["markdown", "json"]
Language = Annotated[str, Header(alias="accept-language", max_length=200)]
_MEDIA = {"markdown": "text/markdown; charset=utf-8", "json": "application/json"}
_ENDINGS = {"markdown": "md", "json": "json"}


@router.get("/conversations")
def list_mine(
    caller: CallerOf, services: ServicesOf, pinned: Annotated[bool | None, Query()] = None
) -> list[ConversationOut]:
    """Your conversations, the pinned first, then the last used."""
    mine = conversations.list_mine(caller, services)
    return [ConversationOut.of(head) for head in mine if pinned is None or head.is_pinned == pinned]


@router.get("/conversations/export", response_class=Response)
def export_all(caller: CallerOf, services: ServicesOf, language: Language = "en") -> Response:
    """All your conversations in a ZIP file, each as Markdown and as JSON."""
    found = conversations.export_all(caller, services)
    packed = _pack(found, caller, words_for(language))
    name = f"cloister-conversations-{datetime.now(UTC):%Y-%m-%d}.zip"
    return StreamingResponse(packed, media_type="application/zip", headers=_as_file(name))


@router.get("/conversations/{id}/export", response_class=Response)
def export_one(
    id: str, caller: CallerOf, services: ServicesOf, format: Format = "markdown", language: Language = "en"
) -> Response:
    """One of your conversations as Markdown, or as JSON (`ConversationExport`)."""
    found = conversations.export_one(id, format, caller, services)
    text = _write(found, format, caller, words_for(language))
    return Response(text, media_type=_MEDIA[format], headers=_as_file(f"{file_name(found)}.{_ENDINGS[format]}"))


@router.put("/conversations/{id}/pin", status_code=204)
def pin(id: str, caller: CallerOf, services: ServicesOf) -> None:
    """Let a conversation of yours stand first."""
    conversations.set_pinned(id, caller, services, is_pinned=True)


@router.delete("/conversations/{id}/pin", status_code=204)
def unpin(id: str, caller: CallerOf, services: ServicesOf) -> None:
    """Let it stand in its place again."""
    conversations.set_pinned(id, caller, services, is_pinned=False)


@router.post("/conversations/{id}/branch", status_code=201)
def branch(id: str, body: BranchRequest, caller: CallerOf, services: ServicesOf, language: Language = "en") -> Opened:
    """Copy a conversation of yours, up to the end of one of its turns, into a new one."""
    name = words_for(language).conversations.branch_of
    new_id = conversations.branch(id, body.step_id, name, caller, services)
    return Opened(id=new_id, path=f"/thread/{new_id}")


@router.post("/conversations/{id}/compare", status_code=201)
def compare(id: str, body: BranchRequest, caller: CallerOf, services: ServicesOf) -> Opened:
    """Put the question of an answer of yours to two models, side by side."""
    question = conversations.find_question(id, body.step_id, caller, services)
    new_id = comparisons.start(question, caller, services)
    return Opened(id=new_id, path=f"/compare/{new_id}")


@router.get("/comparisons/models")
def list_models(_caller: CallerOf, services: ServicesOf) -> list[str]:
    """The names of the models that can be compared."""
    return [model.name for model in comparisons.list_models(services)]


def _write(conversation: Conversation, format: Format, caller: Caller, words: Words) -> str:
    if format == "markdown":
        return render_transcript(conversation, caller.name, words)
    exported = ConversationExport.of(conversation, person=caller.name, exported_at=datetime.now(UTC))
    return exported.model_dump_json(indent=2)


def _pack(found: Iterator[Conversation], caller: Caller, words: Words) -> Iterator[bytes]:
    """A ZIP file, written while it is sent: one conversation is in memory at a time."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for conversation in found:
            for format in _ENDINGS:
                name = f"{file_name(conversation)}.{_ENDINGS[format]}"
                archive.writestr(name, _write(conversation, format, caller, words))  # type: ignore[arg-type]
            yield pipe.take()
    yield pipe.take()


class _Pipe(io.RawIOBase):
    """Takes what is written and gives it away; it cannot be wound back."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._written += piece
        return len(piece)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken, self._written = bytes(self._written), bytearray()
        return taken


def _as_file(name: str) -> dict[str, str]:
    """Headers of a download. Old programs read the plain name, the others the one with all letters."""
    bare = name.encode("ascii", "replace").decode().replace("?", "_")
    return {
        "content-disposition": f"attachment; filename=\"{bare}\"; filename*=UTF-8''{quote(name)}",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
