"""Files on their way from the browser into the file store.

Chainlit's own route reads a file into memory, asks nobody whether its sender may add any, keeps copies beside
the chat and shows them in it. Ours writes the file into the session's folder, where it waits until the message that
it belongs to is sent. Then it is stored as a document, and the waiting copy goes; what is never sent goes with the
session.
"""

import asyncio
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from chainlit.session import WebsocketSession
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.db.chats import FILES_ONLY
from app.web.chat.backend import AttachedFile, ChatBackend
from app.web.chat.picture_types import LONGEST_HEAD, MOST_MB, picture_type
from app.web.chat.sign_in import find_signed_in
from app.web.chat.words import Words, words_for

# What a form may hold beside its file.
FORM_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class _Waiting:
    session_id: str
    file: AttachedFile


class Uploads:
    """The files that were attached and whose messages were not taken up yet."""

    def __init__(self, backend: ChatBackend) -> None:
        self._backend = backend
        self._waiting: dict[str, _Waiting] = {}
        self._of_message: dict[str, list[AttachedFile]] = {}

    async def receive(self, request: Request) -> Response:
        """Take one file from the browser: an answer as Chainlit's page expects it."""
        session: Any = WebsocketSession.get_by_id(request.query_params.get("session_id", ""))
        person_id = await find_signed_in(request, self._backend)
        if person_id is None or session is None or session.user is None or session.user.identifier != person_id:
            return JSONResponse({"detail": "Reload the page and attach the file again."}, 401)
        words = words_for(session.language)
        may_add = await self._backend.may_upload(person_id)
        may_upload = may_add or await self._backend.may_hand_in(person_id)
        # Said before the body is read, where its length is known.
        length = request.headers.get("content-length", "")
        refusal = self._refusal(int(length) - FORM_BYTES, words, may_upload) if length.isdecimal() else None
        if refusal:
            # A browser that is cut off while it sends does not read the answer.
            async for _ in request.stream():
                pass
            return JSONResponse({"detail": refusal}, 413)
        async with request.form(max_files=1) as form:
            sent = form.get("file")
            if not isinstance(sent, UploadFile):
                return JSONResponse({"detail": "The request holds no file."}, 422)
            if refusal := self._refusal(sent.size or 0, words, may_upload):
                return JSONResponse({"detail": refusal}, 413)
            # Whoever may not add documents may show a picture with a question.
            if not may_upload and picture_type(await sent.read(LONGEST_HEAD)) is None:
                return JSONResponse({"detail": words.files.may_not_upload}, 403)
            await sent.seek(0)
            return JSONResponse(await self._keep(sent, session, is_handed_in=not may_add))

    def _refusal(self, size_bytes: int, words: Words, may_upload: bool) -> str | None:
        """Why a file of this size is not taken from somebody who may add documents, or pictures alone."""
        if not may_upload and size_bytes > MOST_MB << 20:
            return words.pictures.too_large.format(n=MOST_MB)
        return self._backend.refusal(size_bytes)

    async def _keep(self, sent: UploadFile, session: Any, *, is_handed_in: bool) -> dict[str, object]:
        file_id, name = str(uuid.uuid4()), sent.filename or "unnamed"
        path = Path(session.files_dir) / file_id
        await asyncio.to_thread(_write, sent.file, path)
        self._forget_gone()
        self._waiting[file_id] = _Waiting(session.id, AttachedFile(name, path, is_handed_in))
        return {"id": file_id, "name": name, "size": sent.size, "type": sent.content_type}

    def announce(self, session: Any, message: dict[str, Any], references: Sequence[Mapping[str, Any]]) -> None:
        """A message is about to come that these files belong to. One without words gets the files' names as such."""
        waiting = [self._waiting.pop(str(each.get("id")), None) for each in references]
        files = [each.file for each in waiting if each is not None and each.session_id == session.id]
        if not files:
            return
        self._of_message[message["id"]] = files
        if not str(message.get("output") or "").strip():
            message["output"] = name_files(files, words_for(session.language))
            message["metadata"] = {**(message.get("metadata") or {}), FILES_ONLY: True}

    def take(self, message_id: str) -> list[AttachedFile]:
        """The files of a message, once."""
        return self._of_message.pop(message_id, [])

    def _forget_gone(self) -> None:
        """Files go with their sessions."""
        self._waiting = {id: each for id, each in self._waiting.items() if each.file.path.exists()}


def name_files(files: Sequence[AttachedFile], words: Words, *, most: int = 10) -> str:
    """What a message says that is nothing but files."""
    names = [file.name for file in files[:most]]
    rest = [words.notation.and_more.format(n=len(files) - most)] if len(files) > most else []
    sentence = words.files.handed_in if any(file.is_handed_in for file in files) else words.files.attached
    return sentence.format(names=", ".join([*names, *rest]))


def discard(files: Sequence[AttachedFile]) -> None:
    """Remove the waiting copies."""
    for file in files:
        file.path.unlink(missing_ok=True)


def _write(content: BinaryIO, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        shutil.copyfileobj(content, target)
