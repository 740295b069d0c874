"""What stands below an answer and on its sentences: buttons, timings, reasons for doubt.

A message keeps it under FACE in its metadata, so that it is there again whenever the thread is opened. Chainlit draws
the buttons; the rest goes to the page's script (static/answers.js), which Chainlit hands a message of the window.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

import chainlit as cl

from app.db.chats import FACE
from app.domain import Answer, Citation
from app.web.chat.doubts import mark_doubts
from app.web.chat.markup import chip, one_line
from app.web.chat.memo import place_text, render_copy, render_timings
from app.web.chat.words import Words, words_for
from app.web.chat.words.buttons import ButtonWords

COPY, EVIDENCE, ASK_AGAIN, SEARCH_WEB = "copy_answer", "show_evidence", "ask_again", "search_web"
# Seen where the service can speak: static/speech.js says so.
READ_ALOUD: Final = "read_aloud"
# These two the page does by itself (static/conversations.js).
BRANCH, COMPARE = "branch_here", "compare_models"
# What the script knows our messages by.
ANSWER_FACE: Final = "cloister-answer"
PAGE_WORDS: Final = "cloister-words"


@dataclass(frozen=True, slots=True)
class Face:
    """`question` and `search` are the ids of the steps that belong to the answer.

    `reasons` are why each marked sentence is in doubt, in order. `copy` is "" where nothing was answered.
    `offers_web`: the documents do not hold it, and the web may be asked.
    """

    question: str
    search: str
    reasons: tuple[str, ...] = ()
    copy: str = ""
    timings: str = ""
    offers_web: bool = False

    @classmethod
    def of(cls, answer: Answer, words: Words, *, question: str, search: str) -> "Face":
        """The face of a finished answer."""
        return cls(
            question=question,
            search=search,
            reasons=() if answer.abstained else mark_doubts(answer.text, answer.statements, words).reasons,
            copy=render_copy(answer, words),
            timings=render_timings(answer.timings_ms, words),
        )

    @classmethod
    def find(cls, metadata: Mapping[str, Any] | None) -> "Face | None":
        """The face that a message keeps; None where it is no answer, or quoted a document that is gone."""
        kept = (metadata or {}).get(FACE)
        if not kept:
            return None
        # A chat may be older or newer than this version.
        known = {field.name: kept[field.name] for field in fields(cls) if field.name in kept}
        return cls(**{"question": "", "search": "", **known, "reasons": tuple(known.get("reasons", ()))})

    def as_metadata(self) -> dict[str, Any]:
        """What a message keeps."""
        return {**asdict(self), "reasons": list(self.reasons)}


async def show_face(message_id: str, face: Face, *, is_last: bool) -> None:
    """Give a message its buttons, and the page the rest. Only the last answer can be asked for again."""
    words = _words()
    # On a phone the page's address does not name the chat.
    await _tell_page(ANSWER_FACE, id=message_id, thread=cl.context.session.thread_id, **face.as_metadata())
    for name, icon, label in _list_buttons(face, words.buttons, is_last=is_last):
        button = cl.Action(name=name, payload={}, label=label, icon=icon, id=_button_id(name, message_id))
        await button.send(for_id=message_id)
    # Pictures alone: a row of words would not fit on a phone. The page's script names them to screen readers.
    for name, icon, tooltip in (
        (BRANCH, "git-branch", words.conversations.branch),
        (COMPARE, "columns-2", words.conversations.compare),
    ):
        button = cl.Action(name=name, payload={}, tooltip=tooltip, icon=icon, id=_button_id(name, message_id))
        await button.send(for_id=message_id)


def _list_buttons(face: Face, words: ButtonWords, *, is_last: bool) -> list[tuple[str, str, str]]:
    """Names, icons and labels, in order."""
    buttons = []
    if face.copy:
        buttons.append((COPY, "copy", words.copy))
        buttons.append((READ_ALOUD, "volume-2", words.read_aloud))
        buttons.append((EVIDENCE, "text-quote", words.show_evidence))
    if is_last and face.offers_web:
        buttons.append((SEARCH_WEB, "globe", words.search_web))
    if is_last:
        buttons.append((ASK_AGAIN, "refresh-cw", words.ask_again))
    return buttons


async def show_so_far(message_id: str, citations: Iterable[Citation], reasons: Iterable[str]) -> None:
    """Tell the page what an answer that is still being written cites, and why sentences of it are in doubt."""
    words = _words()
    sources = {
        chip(each.n): {
            "place": place_text(each.document, each.page, (), words, web_url=each.url),
            "quote": words.notation.quote.format(text=one_line(each.quote)),
            "doubt": "" if each.verified else f"({words.doubts.unverified})",
        }
        for each in citations
    }
    await _tell_page(ANSWER_FACE, id=message_id, reasons=list(reasons), sources=sources)


async def show_words() -> None:
    """Give the page the words for what has no place in a message."""
    words = _words()
    await _tell_page(
        PAGE_WORDS,
        web=words.search.web,
        copied=words.buttons.copied,
        not_copied=words.buttons.not_copied,
        edit=words.buttons.edit_question,
        helpful=words.buttons.helpful,
        not_helpful=words.buttons.not_helpful,
        conversation=asdict(words.conversations),
    )


async def take_ask_again_away(message_id: str) -> None:
    """An earlier answer cannot be asked for again, here or on the web: what was said after it builds on it."""
    for name in (SEARCH_WEB, ASK_AGAIN):
        button: Any = cl.Action(name=name, payload={}, id=_button_id(name, message_id))
        await button.remove()


def message_id_of(action: cl.Action) -> str:
    """The message that a button stands below."""
    return action.id.removeprefix(f"{action.name}-")


def _button_id(name: str, message_id: str) -> str:
    return f"{name}-{message_id}"


def _words() -> Words:
    session: Any = cl.context.session
    return words_for(session.language)


async def _tell_page(kind: str, **said: Any) -> None:
    await cl.context.emitter.send_window_message({"kind": kind, **said})
