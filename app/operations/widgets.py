"""Widgets: making chats that pages of other sites show."""

import re
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from app.access import Caller
from app.db import assistants, widgets
from app.domain import Deed, Widget, WidgetDraft
from app.domain.urls import DEFAULT_PORTS
from app.errors import NotFound, Rejected
from app.operations.note import note
from app.services import Services

LONGEST_NAME: Final = 80
LONGEST_GREETING: Final = 500
MOST_ORIGINS: Final = 50
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?|[0-9a-f:.]+")


def list_all(caller: Caller, services: Services) -> list[Widget]:
    """All of them, by name. Raises Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        return widgets.list_all(session)


def get(id: str, caller: Caller, services: Services) -> Widget:
    """One of them. Raises NotFound, Forbidden."""
    caller.require_admin()
    with services.database.read() as session:
        return widgets.get(session, id)


def create(draft: WidgetDraft, caller: Caller, services: Services) -> str:
    """A new one, which answers from now on; returns its id. Raises Forbidden, Rejected, NotFound."""
    caller.require_admin()
    draft = _tidy(draft, caller, services)
    with services.database.write() as session:
        id = widgets.create(session, draft, created_by=caller.id)
    _note(id, draft.name, _described("made", draft), caller, services)
    return id


def change(id: str, draft: WidgetDraft, caller: Caller, services: Services) -> None:
    """Put another draft in its place; the next question is answered so. Raises NotFound, Forbidden, Rejected."""
    get(id, caller, services)
    draft = _tidy(draft, caller, services)
    with services.database.write() as session:
        widgets.change(session, id, draft)
    _note(id, draft.name, _described("changed", draft), caller, services)


def set_active(id: str, caller: Caller, services: Services, *, is_active: bool) -> Widget:
    """Let it be shown and answer, or no longer. Raises NotFound, Forbidden."""
    widget = get(id, caller, services)
    with services.database.write() as session:
        widgets.set_active(session, id, is_active=is_active)
    _note(id, widget.name, "switched on" if is_active else "switched off", caller, services)
    return widget


def remove(id: str, caller: Caller, services: Services) -> Widget:
    """Forget it; returns what it was. Raises NotFound, Forbidden."""
    widget = get(id, caller, services)
    with services.database.write() as session:
        widgets.remove(session, id)
    _note(id, widget.name, "removed", caller, services)
    return widget


def read_origin(text: str) -> str:
    """An origin in the one form in which browsers write it. Raises Rejected.

    It is put into a header: nothing but a scheme, a host and a port may be in it.
    """
    origin = _find_origin(text.strip())
    if origin is None:
        raise Rejected(f"“{text.strip()[:100]}” is no origin; write it like https://intranet.example, without a path.")
    return origin


def _find_origin(text: str) -> str | None:
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError):
        return None
    is_bare = parts.path in ("", "/") and not any(sign in text for sign in "?#@")
    if parts.scheme not in DEFAULT_PORTS or not is_bare or not _HOST.fullmatch(host):
        return None
    shown = f"[{host}]" if ":" in host else host
    is_usual = port in (None, DEFAULT_PORTS[parts.scheme])
    return f"{parts.scheme}://{shown}" if is_usual else f"{parts.scheme}://{shown}:{port}"


def _tidy(draft: WidgetDraft, caller: Caller, services: Services) -> WidgetDraft:
    """Raises Rejected for a draft that cannot be, NotFound for one with an unknown knowledge base or assistant."""
    name, title = " ".join(draft.name.split()), " ".join(draft.title.split())
    origins = tuple(dict.fromkeys(read_origin(each) for each in draft.origins if each.strip()))
    if not name or max(len(name), len(title)) > LONGEST_NAME or len(draft.greeting) > LONGEST_GREETING:
        raise Rejected(
            f"A widget needs a name; name and title have at most {LONGEST_NAME} characters, "
            f"the greeting at most {LONGEST_GREETING}."
        )
    if not origins or len(origins) > MOST_ORIGINS:
        raise Rejected(f"Name 1 to {MOST_ORIGINS} origins whose pages may show it, like https://intranet.example.")
    if not draft.knowledge_base_ids:
        raise Rejected("Choose at least one knowledge base: a widget answers from these and from nothing else.")
    if not all(caller.access.may_read(id) for id in draft.knowledge_base_ids):
        raise NotFound("One of these knowledge bases is gone; reload the page and choose again.")
    if draft.assistant_id is not None:
        with services.database.read() as session:
            assistants.get(session, draft.assistant_id)
    return replace(draft, name=name, title=title, greeting=draft.greeting.strip(), origins=origins)


def _described(what: str, draft: WidgetDraft) -> str:
    return f"{what}, for {', '.join(draft.origins)}"


def _note(id: str, name: str, detail: str, caller: Caller, services: Services) -> None:
    note(services, caller, Deed.WIDGET_CHANGE, subject_id=id, subject=name, detail=detail)
