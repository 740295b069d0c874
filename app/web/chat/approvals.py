"""The way to the person in the chat whose yes is needed before something leaves this machine.

The card is drawn by the page's script (static/approval.js), which answers through the open connection: no row of the
chat ever holds it. Whoever is not there any more has said no.
"""

import asyncio
from collections import defaultdict
from typing import Any, Final

import chainlit as cl

from app.domain import Approval, ApprovalRequest, CallOrigin, Flag, FlagKind, FunctionName
from app.web.chat.words import Words, words_for

# What the page's script listens for.
ASK, OVER = "cloister-approval", "cloister-approval-over"
PATIENCE_S: Final = 300
LONGEST_TEXT: Final = 2_000
LONGEST_PIECE: Final = 120
NO: Final = Approval(is_given=False)


class Approvals:
    """The cards that are open, by the session whose page shows them. `pages`: that are opened after a search."""

    def __init__(self, pages: int, patience_s: float = PATIENCE_S) -> None:
        self._pages, self._patience_s = pages, patience_s
        self._left: dict[str, set[asyncio.Event]] = defaultdict(set)

    def approver(self) -> "ChatApprover":
        """The way to whoever asks in the current session."""
        return ChatApprover(self, self._patience_s, self._pages)

    async def leave(self) -> None:
        """A page has gone: what it was asked is answered with no."""
        session: Any = cl.context.session
        for left in self._left.get(session.id, ()):
            left.set()

    def watch(self, session_id: str) -> asyncio.Event:
        """Set once the session's page has gone."""
        left = asyncio.Event()
        self._left[session_id].add(left)
        return left

    def unwatch(self, session_id: str, left: asyncio.Event) -> None:
        """The card is closed."""
        self._left[session_id].discard(left)
        if not self._left[session_id]:
            del self._left[session_id]


class ChatApprover:
    """Asks the person of one session, one question after the other."""

    def __init__(self, approvals: Approvals, patience_s: float, pages: int) -> None:
        # Tools may run in tasks of their own; this is where the question was asked.
        session: Any = cl.context.session
        self._session, self._emitter = session, cl.context.emitter
        self._words: Words = words_for(session.language)
        self._approvals, self._patience_s, self._pages = approvals, patience_s, pages
        self._turn = asyncio.Lock()

    async def ask(self, request: ApprovalRequest) -> Approval:
        """Show the card and wait. Nobody there, or no answer in time: not given."""
        async with self._turn:
            return read_answer(await self._show(describe(request, self._words, self._pages)), request)

    async def _show(self, card: dict[str, Any]) -> Any:
        left = self._approvals.watch(self._session.id)
        asking = asyncio.ensure_future(self._emitter.send_call_fn(ASK, card, timeout=self._patience_s))
        leaving = asyncio.ensure_future(left.wait())
        try:
            await asyncio.wait({asking, leaving}, return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else None
        finally:
            # Also when the person pressed stop: this is cancelled then.
            self._approvals.unwatch(self._session.id, left)
            for waiting in (asking, leaving):
                waiting.cancel()
            await self._emitter.send_window_message({"kind": OVER, "id": card["id"]})


def describe(request: ApprovalRequest, words: Words, pages: int) -> dict[str, Any]:
    """The card as the page's script draws it. Pure."""
    is_search = request.call.name == FunctionName.WEB_SEARCH
    hint = words.approval.hint_pages.format(pages=pages) if is_search and pages else words.approval.hint
    return {
        "id": request.call.id,
        "text": request.text,
        "longest": max(LONGEST_TEXT, len(request.text)),
        "pieces": [
            {"piece": request.text[flag.start : flag.end], "warning": _warn(request.text, flag, words)}
            for flag in request.flags
            if request.text[flag.start : flag.end].strip()
        ],
        "labels": {
            "title": words.approval.title.format(host=request.host),
            "who": _who(request, words),
            "field": words.approval.field,
            "hint": hint,
            "always": words.approval.always.format(host=request.host) if request.may_always else "",
            "yes": words.approval.yes,
            "no": words.approval.no,
        },
    }


def read_answer(said: Any, request: ApprovalRequest) -> Approval:
    """What the page answered, taken for a yes only where it is one. Pure."""
    if not isinstance(said, dict) or said.get("send") is not True:
        return NO
    text = said.get("text")
    if not isinstance(text, str) or not text.strip() or len(text) > max(LONGEST_TEXT, len(request.text)):
        return NO
    return Approval(is_given=True, text=text, is_always=request.may_always and said.get("always") is True)


def _who(request: ApprovalRequest, words: Words) -> str:
    if request.call.origin is CallOrigin.PERSON:
        return words.approval.by_person
    return words.approval.by_model_page if request.call.name == FunctionName.OPEN_PAGE else words.approval.by_model


def _warn(text: str, flag: Flag, words: Words) -> str:
    piece = " ".join(text[flag.start : flag.end].split())
    shown = piece if len(piece) <= LONGEST_PIECE else f"{piece[:LONGEST_PIECE]}…"
    sentence = words.approval.verbatim if flag.kind is FlagKind.VERBATIM else words.approval.secret
    return sentence.format(piece=words.notation.quote.format(text=shown), where=flag.where)
