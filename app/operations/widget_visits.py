"""What a widget's visitors may do: be given a pass by its page, and ask with it.

A pass is signed and bound to one widget and to the origin whose page shows it. It travels in what the panel sends,
never in a cookie: browsers keep cookies from frames of other sites, and what they send by themselves opens nothing.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Event
from typing import Final

import jwt
from jwt.types import Options

from app.access import Access, Caller
from app.answer.events import AnswerEvent
from app.db import assistants, widgets
from app.db.columns import utc_now
from app.db.widgets import VISITOR_ID
from app.domain import AnswerFace, Question, Tool, Widget
from app.errors import Forbidden, NotFound
from app.operations import answers
from app.operations.assistants import Assisted, assist
from app.services import Services

# Where an admin looks at a widget, in a page of its own.
PREVIEW: Final = "preview"
_ALGORITHM: Final = "HS256"
_AUDIENCE: Final = "cloister-widget"
_ALL_SAID: Final[Options] = {"require": ["aud", "sub", "exp", "origin"]}
_GONE: Final = "There is no chat here any more. Nothing was asked; reload the page."
_OUT_OF_DATE: Final = (
    "This chat was open for too long, or is shown where it may not be. Nothing was asked; open it anew."
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A widget as a page may show it, with the pass for its questions."""

    widget: Widget
    visit: str


def show(id: str, origin: str, services: Services, *, is_admin: bool) -> Shown:
    """The widget for a page of this origin, or for an admin who looks at it by itself.

    Raises NotFound, in the same words for one that is not there and one that may not be shown there.
    """
    with services.database.read() as session:
        widget = widgets.find(session, id)
    if widget is None or not widget.is_active or not (is_admin or origin in widget.origins):
        raise NotFound(_GONE)
    return Shown(widget, make_pass(widget.id, PREVIEW if is_admin else origin, services))


def make_pass(widget_id: str, origin: str, services: Services) -> str:
    """What the panel must bring with its questions; short-lived."""
    until = utc_now() + timedelta(minutes=services.settings.widgets.session_minutes)
    told = {"aud": _AUDIENCE, "sub": widget_id, "origin": origin, "exp": until}
    return jwt.encode(told, _key(services), algorithm=_ALGORITHM)


def require_pass(visit: str, widget_id: str, services: Services) -> str:
    """The origin that a pass was given for. Raises Forbidden for one of another widget, or out of date, or made up."""
    try:
        told = jwt.decode(visit, _key(services), algorithms=[_ALGORITHM], audience=_AUDIENCE, options=_ALL_SAID)
    except jwt.InvalidTokenError:
        raise Forbidden(_OUT_OF_DATE) from None
    if told.get("sub") != widget_id:
        raise Forbidden(_OUT_OF_DATE)
    return str(told["origin"])


def open_visit(id: str, visit: str, services: Services) -> tuple[Assisted, str]:
    """What a question of this visit is answered from, as it is at this moment, and the pass for the next one.

    Raises Forbidden; NotFound for a widget that is gone, switched off, or answers from nothing any more.
    """
    origin = require_pass(visit, id, services)
    with services.database.read() as session:
        widget = widgets.find(session, id)
        if widget is None or not widget.is_active:
            raise NotFound(_GONE)
        access = widgets.read_access(session, widget.knowledge_base_ids)
        assistant = assistants.get(session, widget.assistant_id).name if widget.assistant_id else None
    if origin not in (*widget.origins, PREVIEW):
        raise Forbidden(_OUT_OF_DATE)
    if not access.readable:
        raise NotFound(_GONE)
    return _within_the_house(_assist(assistant, access, services)), make_pass(id, origin, services)


def answer(question: Question, assisted: Assisted, services: Services) -> AsyncIterator[AnswerEvent]:
    """The answer, event by event; it is written down how it went, under nobody's name.

    No tool is handed to the model: nothing of a visitor's leaves the machine, and nothing is changed.
    """
    visitor = Caller(VISITOR_ID, "", is_admin=False, access=assisted.access)
    events = services.answer(question, access=assisted.access, cancelled=Event(), options=assisted.options, tools=None)
    return answers.recorded(events, caller=visitor, access=assisted.access, face=AnswerFace.WIDGET, services=services)


def _assist(assistant: str | None, access: Access, services: Services) -> Assisted:
    try:
        return assist(assistant, access, services)
    except NotFound:  # it answers from none of the widget's knowledge bases
        raise NotFound(_GONE) from None


def _within_the_house(assisted: Assisted) -> Assisted:
    """Tables are computed here; every other tool is for people who are signed in."""
    tools = assisted.options.tools & {Tool.TABLES}
    return replace(assisted, options=replace(assisted.options, tools=tools))


def _key(services: Services) -> str:
    return f"widget\x1f{services.session_secret}"
