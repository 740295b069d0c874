"""What a backup says of itself."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Holdings:
    """How much a backup holds. `models`: the embedding models that its vectors were made with."""

    knowledge_bases: int
    documents: int
    chunks: int
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class About:
    """Which backup this is. `revision`: of the database's schema. `product`: the version of Cloister that made it."""

    id: str
    format: int
    product: str
    revision: str
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a backup: the size and the SHA-256 of each member by its name, and what could not be found.

    `missing`: names of files that rows refer to and that were not in the store. `seal_check`: a word under the seal
    that passwords are kept under, to tell whether a machine has the same one.
    """

    about: About
    members: dict[str, tuple[int, str]]
    missing: tuple[str, ...]
    holdings: Holdings
    seal_check: str
