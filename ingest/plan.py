"""Compare what a source offers with what is stored: the decision what to do, made on plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain import FoundFile


@dataclass(frozen=True, slots=True)
class Known:
    """A stored document: the hash of the content that answers now, and its id."""

    content_hash: str
    document_id: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Every found file is in exactly one of the first three; `gone` are ids of stored documents no longer found."""

    new: tuple[FoundFile, ...]
    changed: tuple[FoundFile, ...]
    unchanged: tuple[tuple[FoundFile, str], ...]
    gone: tuple[str, ...]


def plan_changes(found: Iterable[FoundFile], known: Mapping[str, Known]) -> Plan:
    """Sort found files by what has to be done with them. `known` is by location.

    A location that is found twice counts once, as it was first seen.
    """
    new: list[FoundFile] = []
    changed: list[FoundFile] = []
    unchanged: list[tuple[FoundFile, str]] = []
    file_by_location: dict[str, FoundFile] = {}
    for file in found:
        file_by_location.setdefault(file.location, file)
    for location, file in file_by_location.items():
        stored = known.get(location)
        if stored is None:
            new.append(file)
        elif stored.content_hash != file.content_hash:
            changed.append(file)
        else:
            unchanged.append((file, stored.document_id))
    gone = tuple(stored.document_id for location, stored in known.items() if location not in file_by_location)
    return Plan(tuple(new), tuple(changed), tuple(unchanged), gone)
