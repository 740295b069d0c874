"""Over many rows every list is cut into pages, and how often it asks the database does not grow with them."""

from collections.abc import Callable, Iterator

import pytest
from starlette.testclient import TestClient

from app.main import build_app
from app.services import Services
from bench.lists import ADMINS_LISTS, LISTS, counted, signed_in
from bench.many_rows import ADMIN, READER, Amounts, fill, id_of

ROWS = 50
FEW = Amounts(
    bases=60,
    documents=1_500,
    chunks_per_document=1,
    read=55,
    people=120,
    sources=300,
    runs_per_site=2,
    deeds=300,
    answers=60,
)
# Lists with more than one page of these rows.
CUT = (
    "/admin/knowledge-bases",
    f"/admin/knowledge-bases/{id_of('base')}",
    "/admin/jobs",
    f"/admin/jobs/{id_of('job')}",
    "/admin/sources",
    f"/admin/runs/{id_of('run')}",
    "/admin/lab",
    "/admin/insight",
    "/admin/audit",
    "/admin/people",
)


@pytest.fixture
def filled(services: Services) -> Services:
    fill(services.database, FEW)
    return services


@pytest.fixture
def open_as(filled: Services) -> Iterator[Callable[[str], TestClient]]:
    app = build_app(filled)
    entered = []

    def enter(person: str) -> TestClient:
        entered.append(signed_in(app, filled, person))
        return entered[-1].__enter__()

    yield enter
    for each in entered:
        each.__exit__(None, None, None)


def test_every_list_opens_for_an_admin_and_for_an_editor_of_many(open_as: Callable[[str], TestClient]) -> None:
    for person, paths in ((ADMIN, (*LISTS, *ADMINS_LISTS)), (READER, LISTS)):
        client = open_as(person)
        for path in paths:
            assert client.get(path).status_code == 200, (person, path)


def test_a_page_of_a_list_has_fifty_rows_and_leads_to_the_next(open_as: Callable[[str], TestClient]) -> None:
    client = open_as(ADMIN)
    for path in CUT:
        page = client.get(path, headers={"accept-language": "en"}).text
        assert 'rel="next"' in page, path
        assert page.count('<th scope="row" class="name">') <= ROWS + 10, path


def test_a_list_asks_the_database_as_often_for_many_rows_as_for_one_page(
    filled: Services, open_as: Callable[[str], TestClient]
) -> None:
    client = open_as(ADMIN)
    with counted(filled.database) as counter:
        for path in (*LISTS, *ADMINS_LISTS):
            client.get(path)  # what is looked up once in a process is no question of the list
            counter.statements = 0
            client.get(path)
            assert counter.statements < 40, (path, counter.statements)


def test_the_parts_of_a_list_of_the_api_make_up_the_whole(open_as: Callable[[str], TestClient]) -> None:
    client = open_as(READER)
    whole = client.get("/api/v1/documents", params={"limit": 1_000}).json()
    first = client.get("/api/v1/documents", params={"limit": 400})
    total = int(first.headers["X-Total-Count"])
    second = client.get("/api/v1/documents", params={"limit": 1_000, "offset": 400}).json()
    assert [each["id"] for each in whole] == [each["id"] for each in [*first.json(), *second]][:1_000]
    assert len(first.json()) + len(second) == min(total, 1_400)
    assert client.get("/api/v1/documents", params={"offset": total}).json() == []
