"""Language models that people may choose besides the service's own."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, select

from app.db.acting_tables import OfferedModelRow
from app.db.columns import utc_now
from app.db.revisions import Topic, bump
from app.errors import NotFound, Rejected


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """What is said about a model: see `OfferedModelRow`."""

    label: str
    engine: str
    model: str
    url: str = ""
    sealed_key: str = field(default="", repr=False)
    context_tokens: int = 0
    sees_images: bool = False


@dataclass(frozen=True, slots=True)
class OfferedModel:
    """A model that may be chosen. `offered_by` is a name."""

    id: str
    offer: ModelOffer
    offered_by: str
    offered_at: datetime


def list_all(session: Session) -> list[OfferedModel]:
    """All, by what they are called."""
    return [_offered(row) for row in session.exec(select(OfferedModelRow).order_by(OfferedModelRow.label))]


def find(session: Session, id: str) -> OfferedModel | None:
    """The model with this id, as long as it is offered."""
    row = session.get(OfferedModelRow, id)
    return _offered(row) if row else None


def get(session: Session, id: str) -> OfferedModel:
    """The same. Raises NotFound."""
    found = find(session, id)
    if found is None:
        raise NotFound("This language model is not offered any more; choose another one.")
    return found


def find_by_label(session: Session, label: str) -> OfferedModel | None:
    """The model that is called so."""
    row = session.exec(select(OfferedModelRow).where(OfferedModelRow.label == label)).first()
    return _offered(row) if row else None


def put(session: Session, offer: ModelOffer, *, offered_by: str, id: str | None = None) -> str:
    """Offer a model, or change the one with this id; returns the id. Raises NotFound; Rejected for a label in use."""
    require_free(session, offer.label, id)
    row = session.get(OfferedModelRow, id) if id else None
    if id and row is None:
        raise NotFound("This language model is not offered any more; reload the page.")
    row = row or OfferedModelRow(label=offer.label, engine=offer.engine, model=offer.model, offered_by=offered_by)
    row.label, row.engine, row.model, row.url = offer.label, offer.engine, offer.model, offer.url
    row.sealed_key, row.context_tokens, row.sees_images = offer.sealed_key, offer.context_tokens, offer.sees_images
    row.offered_by, row.offered_at = offered_by, utc_now()
    session.add(row)
    session.flush()
    bump(session, Topic.OFFERED, Topic.HOSTS)
    return row.id


def require_free(session: Session, label: str, id: str | None) -> None:
    """Raises Rejected where another model than the one with this id is called so."""
    other = find_by_label(session, label)
    if other is not None and other.id != id:
        raise Rejected(f"A model called “{label}” is offered already; give it another name.")


def remove(session: Session, id: str) -> None:
    """Offer it no longer; an unknown one is no error."""
    if row := session.get(OfferedModelRow, id):
        session.delete(row)
        bump(session, Topic.OFFERED, Topic.HOSTS)


def _offered(row: OfferedModelRow) -> OfferedModel:
    offer = ModelOffer(
        row.label, row.engine, row.model, row.url, row.sealed_key, row.context_tokens, row.sees_images
    )  # fmt: skip
    return OfferedModel(row.id, offer, row.offered_by, row.offered_at)
