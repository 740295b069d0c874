"""A database as it is after years: many knowledge bases, documents and jobs, as rows alone, without files and vectors.

Row n of a table has an id that n alone decides, so that tables can name each other's rows before they are written.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Connection, Table, insert

from app.db.acting_tables import OfferedModelRow
from app.db.chat_tables import chat_threads
from app.db.guarding_tables import DocumentFlag, SubmissionRow
from app.db.ids import name_id
from app.db.people_tables import (
    AnswerRow,
    ApiKey,
    AssistantRow,
    AuditRow,
    GroupMember,
    GroupMembership,
    GroupRow,
    Membership,
    Person,
)
from app.db.session import Database
from app.db.tables import (
    ChunkRow,
    CrawlPageRow,
    CrawlRunRow,
    DocumentRow,
    Generation,
    JobItemRow,
    JobRow,
    KnowledgeBaseRow,
    SourceRow,
    VersionRow,
)
from app.domain import Deed, FlagReason, SiteOptions
from app.domain.scopes import Scope

Row = Mapping[str, Any]
Rows = Iterator[tuple[Any, Iterable[Row]]]
AT_ONCE: Final = 5_000
# The first knowledge base holds a fifth of all documents, and one job brought them: every company has one such.
SHARE_OF_FIRST: Final = 5
ADMIN, READER = "Ada", "Ben"
MODEL: Final = "bench"
_NOW: Final = datetime.now(UTC).replace(microsecond=0)
_OPTIONS = TypeAdapter(SiteOptions)


@dataclass(frozen=True, slots=True)
class Amounts:
    """How many rows of what. `read`: the knowledge bases that Ben, who is no admin of the service, edits."""

    bases: int = 1_000
    documents: int = 100_000
    chunks_per_document: int = 10
    read: int = 300
    people: int = 1_000
    sources: int = 500
    runs_per_site: int = 20
    deeds: int = 100_000
    answers: int = 20_000

    @property
    def of_first(self) -> int:
        """Documents of the first knowledge base."""
        return self.documents // SHARE_OF_FIRST

    def base_of(self, document: int) -> int:
        """In which knowledge base a document is."""
        return 0 if document < self.of_first else 1 + document % (self.bases - 1)

    def job_of(self, document: int) -> int:
        """Which job brought a document: the first one those of the first knowledge base, others about ten of one."""
        return 0 if document < self.of_first else 1 + document % (self.bases - 1) * 8 + document // self.bases % 8


def fill(database: Database, amounts: Amounts) -> None:
    """Write all rows. The tables are empty but for what a migration leaves there."""
    with database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # Nothing is lost that could not be filled again.
            for pragma in ("synchronous=OFF", "secure_delete=OFF", "cache_size=-500000", "foreign_keys=OFF"):
                connection.exec_driver_sql(f"PRAGMA {pragma}")
        else:
            # Rows name each other before they are written.
            connection.exec_driver_sql("SET session_replication_role = replica")
        connection.commit()
        for rows in (_people, _bases, _documents, _jobs, _sources, _history):
            for table, values in rows(amounts):
                _write(connection, table, iter(values))
                connection.commit()
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA optimize")
            connection.commit()
        connection.invalidate()
    if database.is_shared:
        # As Postgres does by itself within a minute of so many rows.
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def id_of(kind: str, n: int = 0) -> str:
    """The id of row n of a kind: person, base, document, job, source, run and others."""
    return name_id("bench", kind, str(n))


def _write(connection: Connection, table: Any, rows: Iterator[Row]) -> None:
    statement = insert(table if isinstance(table, Table) else table.__table__)
    while some := list(islice(rows, AT_ONCE)):
        connection.execute(statement, some)


def _size(document: int) -> int:
    return 10_000 + document * 7919 % 1_000_000


def _people(amounts: Amounts) -> Rows:
    """Ada and Ben, others with a key each, and a group for every twentieth."""
    others = range(2, amounts.people)
    groups = range(max(1, amounts.people // 20))
    yield (
        Person,
        [
            {"id": id_of("person", 0), "name": ADMIN, "is_admin": True},
            {"id": id_of("person", 1), "name": READER, "is_admin": False},
            *({"id": id_of("person", n), "name": f"Person {n:04}", "is_admin": False} for n in others),
        ],
    )
    yield GroupRow, ({"id": id_of("group", n), "name": f"Group {n:03}"} for n in groups)
    yield (
        GroupMember,
        ({"group_id": id_of("group", n % len(groups)), "person_id": id_of("person", n)} for n in (1, *others)),
    )
    yield (
        ApiKey,
        (
            {
                "id": id_of("key", n),
                "person_id": id_of("person", n % 2),
                "name": f"Program {n}",
                "key_hash": id_of("hash", n),
            }
            for n in range(100)
        ),
    )


def _bases(amounts: Amounts) -> Rows:
    """Each with a generation that answers; every tenth one also has a former one."""
    bases = range(amounts.bases)
    profile = {"splitter": "sentence", "chunk_size": 200, "overlap": 20, "embedding_model_id": MODEL}
    yield (
        Generation,
        (
            {"id": id_of(kind, n), "knowledge_base_id": id_of("base", n), "state": state, **profile}
            for n in bases
            for kind, state in (("generation", "active"), ("former", "kept"))
            if state == "active" or n % 10 == 0
        ),
    )
    yield (
        KnowledgeBaseRow,
        (
            {
                "id": id_of("base", n),
                "name": f"Department {n:04}",
                "active_generation_id": id_of("generation", n),
                "takes_submissions": n % 3 == 0,
            }
            for n in bases
        ),
    )
    own = amounts.read * 5 // 6
    person = {"person_id": id_of("person", 1)}
    yield (
        Membership,
        (
            {**person, "knowledge_base_id": id_of("base", n), "role": "admin" if n % 2 == 0 else "editor"}
            for n in range(own)
        ),
    )
    group = {"group_id": id_of("group", 1 % max(1, amounts.people // 20))}
    yield (
        GroupMembership,
        ({**group, "knowledge_base_id": id_of("base", n), "role": "editor"} for n in range(own, amounts.read)),
    )
    yield (
        AssistantRow,
        (
            {
                "id": id_of("assistant", n),
                "name": f"Assistant {n:03}",
                "knowledge_base_ids": json.dumps([id_of("base", (n * 7 + each) % amounts.bases) for each in range(5)]),
                "created_by": id_of("person"),
            }
            for n in range(50)
        ),
    )
    yield (
        OfferedModelRow,
        (
            {
                "id": id_of("model", n),
                "label": f"Model {n}",
                "engine": "openai",
                "model": "m",
                "url": "http://127.0.0.1:9/v1",
                "offered_by": id_of("person"),
            }
            for n in range(10)
        ),
    )


def _documents(amounts: Amounts) -> Rows:
    """Each with one version and its chunks; one in fifty has a flag, one in a hundred a warning."""
    numbers = range(amounts.documents)
    yield (
        DocumentRow,
        (
            {
                "id": id_of("document", n),
                "knowledge_base_id": id_of("base", amounts.base_of(n)),
                "location": f"upload:report-{n:06}.pdf",
                "name": f"report-{n:06}.pdf",
                "active_version_id": id_of("version", n),
                "language": ("en", "de")[n % 2],
                "pages": 1 + n % 40,
                "size_bytes": _size(n),
                "indexed_at": _NOW - timedelta(minutes=n),
                "created_at": _NOW - timedelta(minutes=n),
            }
            for n in numbers
        ),
    )
    yield (
        VersionRow,
        (
            {
                "id": id_of("version", n),
                "document_id": id_of("document", n),
                "content_hash": id_of("content", n),
                "size_bytes": _size(n),
                "text_id": id_of("text", n),
                "media_type": "application/pdf",
                "title": f"The report of case {n}",
                "language": ("en", "de")[n % 2],
                "page_count": 1 + n % 40,
                "warnings": '["Page 3 has no text."]' if n % 100 == 0 else "[]",
                "added_by": id_of("person", n % amounts.people),
                "created_at": _NOW - timedelta(minutes=n),
            }
            for n in numbers
        ),
    )
    yield (
        ChunkRow,
        (
            {
                "generation_id": id_of("generation", amounts.base_of(n)),
                "version_id": id_of("version", n),
                "chunk_id": id_of("chunk", n * amounts.chunks_per_document + ordinal),
                "document_id": id_of("document", n),
                "ordinal": ordinal,
                "start_char": ordinal * 800,
                "end_char": ordinal * 800 + 800,
                "text": f"What is said in part {ordinal} of the report of case {n}. " * 4,
                "text_hash": id_of("chunk", n * amounts.chunks_per_document + ordinal),
                "tokens": 200,
                "headings": "[]",
            }
            for n in numbers
            for ordinal in range(amounts.chunks_per_document)
        ),
    )
    yield (
        DocumentFlag,
        (
            {
                "version_id": id_of("version", n),
                "kind": list(FlagReason)[n // 50 % len(FlagReason)],
                "document_id": id_of("document", n),
                "knowledge_base_id": id_of("base", amounts.base_of(n)),
            }
            for n in range(0, amounts.documents, 50)
        ),
    )


def _jobs(amounts: Amounts) -> Rows:
    """What brought the documents; of the largest job every hundredth document failed."""
    brought: dict[int, int] = {}
    for n in range(amounts.documents):
        brought.setdefault(amounts.job_of(n), amounts.base_of(n))
    times = {n: _NOW - timedelta(minutes=5 * (n + 1)) for n in brought}
    yield (
        JobRow,
        (
            {
                "id": id_of("job", n),
                "kind": "ingest",
                "knowledge_base_id": id_of("base", base),
                "requested_by": id_of("person", n % amounts.people),
                "state": "done",
                "created_at": times[n],
                "started_at": times[n],
                "finished_at": times[n] + timedelta(minutes=4),
            }
            for n, base in brought.items()
        ),
    )
    yield (
        JobItemRow,
        (
            {
                "id": id_of("item", n),
                "job_id": id_of("job", amounts.job_of(n)),
                "position": n,
                "source": f"report-{n:06}.pdf",
                "location": f"upload:report-{n:06}.pdf",
                "content_hash": id_of("content", n),
                "size_bytes": 100_000,
                "status": "failed" if n < amounts.of_first and n % 100 == 99 else "indexed",
                "progress": 1.0,
                "started_at": times[amounts.job_of(n)],
                "document_id": id_of("document", n),
                "version_id": id_of("version", n),
                "pages": 10,
                "chunks": 10,
                "error": "The file is damaged." if n < amounts.of_first and n % 100 == 99 else None,
            }
            for n in range(amounts.documents)
        ),
    )
    yield (
        SubmissionRow,
        (
            {
                "id": id_of("submission", n),
                "knowledge_base_id": id_of("base", n % amounts.bases),
                "person_id": id_of("person", n % amounts.people),
                "name": f"handed-in-{n}.pdf",
                "content_hash": id_of("handed in", n),
                "size_bytes": 1_000,
            }
            for n in range(amounts.bases)
        ),
    )


def _sources(amounts: Amounts) -> Rows:
    """One in five is a site, which was visited often; the others are folders."""
    sites = range(0, amounts.sources, 5)

    def options(n: int) -> str:
        scope = Scope((f"https://site-{n}.internal/",))
        return _OPTIONS.dump_json(SiteOptions(scope, concurrency=2)).decode()

    yield (
        SourceRow,
        (
            {
                "id": id_of("source", n),
                "kind": "site" if n in sites else "folder",
                "location": f"https://site-{n}.internal/" if n in sites else f"/srv/share/{n:04}",
                "knowledge_base_id": id_of("base", n % amounts.bases),
                "schedule": "0 3 * * *",
                "options": options(n) if n in sites else "{}",
                "created_by": id_of("person", n % amounts.people),
                "checked_at": _NOW,
            }
            for n in range(amounts.sources)
        ),
    )
    yield (
        CrawlRunRow,
        (
            {
                "id": id_of("run", n * amounts.runs_per_site + each),
                "source_id": id_of("source", n),
                "state": "done",
                "is_whole": True,
                "pages": '{"unchanged": 90, "changed": 10}',
                "started_at": _NOW - timedelta(days=each),
                "finished_at": _NOW - timedelta(days=each, minutes=-9),
            }
            for n in sites
            for each in range(amounts.runs_per_site)
        ),
    )
    yield (
        CrawlPageRow,
        (
            {
                "run_id": id_of("run", 0),
                "url": f"https://site-0.internal/page/{n:05}",
                "state": "changed",
                "outcome": "changed",
                "title": f"Page {n}",
                "fetched_at": _NOW,
            }
            for n in range(amounts.documents // 20)
        ),
    )


def _history(amounts: Amounts) -> Rows:
    """What was done and what was answered in the last three months, and the conversations that Ben had."""
    deeds = (Deed.SIGN_IN, Deed.UPLOAD, Deed.DOCUMENT_DELETE, Deed.MEMBER_CHANGE, Deed.JOB_RETRY)
    yield (
        AuditRow,
        (
            {
                "at": _NOW - timedelta(minutes=amounts.deeds - n),
                "person_id": id_of("person", n % amounts.people),
                "person": f"Person {n % amounts.people:04}",
                "deed": deeds[n % len(deeds)],
                "knowledge_base_id": id_of("base", n % amounts.bases),
                "subject": f"report-{n:06}.pdf",
            }
            for n in range(amounts.deeds)
        ),
    )
    yield (
        AnswerRow,
        (
            {
                "id": id_of("answer", n),
                "at": _NOW - timedelta(minutes=6 * n),
                "person_id": id_of("person", n % amounts.people),
                "face": "chat",
                "knowledge_base_ids": json.dumps(
                    sorted(id_of("base", (n + each) % amounts.bases) for each in range(2))
                ),
                "citations": 3,
                "retrieve_ms": 40.0,
                "first_token_ms": 400.0,
                "total_ms": 4_000.0,
                "model": "scripted",
            }
            for n in range(amounts.answers)
        ),
    )
    yield (
        chat_threads,
        (
            {
                "id": id_of("thread", n),
                "createdAt": (_NOW - timedelta(hours=n)).isoformat(),
                "name": f"Conversation {n}",
                "userId": id_of("person", n % 2),
                "userIdentifier": id_of("person", n % 2),
                "metadata": {},
            }
            for n in range(max(20, amounts.people))
        ),
    )
