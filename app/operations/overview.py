"""The state of the whole service in figures."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.access import Caller, ReadableKnowledgeBase
from app.db import generations, statistics
from app.domain import IndexGeneration, MemberRole
from app.errors import CloisterError
from app.services import Services


@dataclass(frozen=True, slots=True)
class KnowledgeBaseFigures:
    """A knowledge base with what is in it, what answers, and the caller's role."""

    id: str
    name: str
    role: MemberRole
    counts: statistics.Counts
    generation: IndexGeneration


@dataclass(frozen=True, slots=True)
class Storage:
    """Bytes on the disk of the data folder."""

    database: int
    index: int
    files: int
    free: int


def list_figures(caller: Caller, services: Services, role: MemberRole) -> list[KnowledgeBaseFigures]:
    """The knowledge bases where the caller has at least this role, by name."""
    return measure_bases(caller.access.with_role(role), services)


def get_figures(id: str, caller: Caller, services: Services) -> KnowledgeBaseFigures:
    """One knowledge base, for its editors. Raises NotFound, Forbidden."""
    return measure_bases([caller.access.require(id, MemberRole.EDITOR)], services)[0]


def measure_bases(bases: Sequence[ReadableKnowledgeBase], services: Services) -> list[KnowledgeBaseFigures]:
    """What these knowledge bases hold, which the caller may edit, in their order."""
    with services.database.read() as session:
        counts = statistics.count_documents(session, [base.id for base in bases])
        answering = generations.list_answering(session, {base.id: counts[base.id].chunks for base in bases})
    return [KnowledgeBaseFigures(base.id, base.name, base.role, counts[base.id], answering[base.id]) for base in bases]


def measure_storage(services: Services) -> Storage:
    """What the data folder holds."""
    folder = services.settings.data_dir
    return Storage(
        database=sum(_size(path) for path in folder.glob("*.sqlite*")),
        index=_size(folder / "index"),
        files=_size(folder / "files"),
        free=shutil.disk_usage(folder).free,
    )


def readiness(services: Services) -> str:
    """Why the service is not ready; "" when it is."""
    try:
        services.require_ready()
    except CloisterError as exc:
        return str(exc)
    return ""


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
