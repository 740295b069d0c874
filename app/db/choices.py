"""What admins chose in the browser in place of a setting, and what was measured there: JSON by name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.db.columns import utc_now
from app.db.people_tables import ChoiceRow


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, by whom (a name) and when."""

    value: Mapping[str, Any]
    chosen_by: str
    chosen_at: datetime


def find(session: Session, name: str) -> Choice | None:
    """What was chosen under this name."""
    row = session.get(ChoiceRow, name)
    return Choice(json.loads(row.value), row.chosen_by, row.chosen_at) if row else None


def put(session: Session, name: str, value: Mapping[str, Any], *, chosen_by: str) -> None:
    """Keep a choice, in place of the one before."""
    row = ChoiceRow(name=name, value=json.dumps(dict(value)), chosen_by=chosen_by, chosen_at=utc_now())
    session.merge(row)


def remove(session: Session, name: str) -> None:
    """Forget a choice; an unknown one is no error."""
    if row := session.get(ChoiceRow, name):
        session.delete(row)
