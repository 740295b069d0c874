"""Servers of outside tools, and what an admin said about their functions."""

import json
from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, select

from app.access import LOCAL_PERSON_ID
from app.db.columns import utc_now
from app.db.people import find_names
from app.db.revisions import Topic, bump
from app.db.serving_tables import ToolServerRow
from app.domain.tool_servers import FunctionRule, FunctionStanding, OutsideFunction, ToolServer
from app.errors import NotFound


def list_all(session: Session) -> list[ToolServer]:
    """All, by name."""
    return _servers(session, session.exec(select(ToolServerRow).order_by(ToolServerRow.name)).all())


def get(session: Session, id: str) -> ToolServer:
    """The server with this id. Raises NotFound."""
    return _servers(session, [_row(session, id)])[0]


def add(session: Session, *, name: str, url: str, sealed_key: str, created_by: str) -> str:
    """A new one that offers nothing yet; returns its id. `created_by` is a person's id."""
    row = ToolServerRow(name=name, url=url, sealed_key=sealed_key, created_by=created_by)
    session.add(row)
    session.flush()
    bump(session, Topic.HOSTS)
    return row.id


def put_functions(session: Session, id: str, functions: Sequence[OutsideFunction], *, are_listed: bool = False) -> None:
    """What it offers from now on. `are_listed`: it was asked for them just now. Raises NotFound."""
    row = _row(session, id)
    row.functions = json.dumps([_pack(each) for each in functions], ensure_ascii=False)
    if are_listed:
        row.listed_at = utc_now()
    session.add(row)


def put_key(session: Session, id: str, sealed_key: str) -> None:
    """Another bearer token, "" for none. Raises NotFound."""
    row = _row(session, id)
    row.sealed_key = sealed_key
    session.add(row)


def set_active(session: Session, id: str, *, is_active: bool) -> None:
    """Whether it is asked at all. Raises NotFound."""
    row = _row(session, id)
    row.is_active = is_active
    session.add(row)
    bump(session, Topic.HOSTS)


def remove(session: Session, id: str) -> None:
    """Forget it, its key too. Raises NotFound."""
    session.delete(_row(session, id))
    bump(session, Topic.HOSTS)


def _row(session: Session, id: str) -> ToolServerRow:
    row = session.get(ToolServerRow, id)
    if row is None:
        raise NotFound("This tool server is gone; reload the page.")
    return row


def _servers(session: Session, rows: Sequence[ToolServerRow]) -> list[ToolServer]:
    names = {LOCAL_PERSON_ID: "this machine", **find_names(session, [row.created_by for row in rows])}
    return [
        ToolServer(
            id=row.id,
            name=row.name,
            url=row.url,
            sealed_key=row.sealed_key,
            functions=tuple(_unpack(each) for each in json.loads(row.functions)),
            is_active=row.is_active,
            created_by=names.get(row.created_by, "–"),
            created_at=row.created_at,
            listed_at=row.listed_at,
        )
        for row in rows
    ]


def _pack(function: OutsideFunction) -> dict[str, Any]:
    return {
        "name": function.name,
        "description": function.description,
        "parameters": dict(function.parameters),
        "rule": str(function.rule),
        "standing": str(function.standing),
        "problem": function.problem,
        "before": function.before,
    }


def _unpack(packed: dict[str, Any]) -> OutsideFunction:
    rule, standing = FunctionRule(packed["rule"]), FunctionStanding(packed["standing"])
    return OutsideFunction(**{**packed, "rule": rule, "standing": standing})
