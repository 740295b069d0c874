"""Who may do what: the same request with and without the right to it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from app.db import people
from app.db.people_tables import Membership
from app.domain import MemberRole
from app.services import Services
from app.web.api.app import build_api
from tests.app.web.api.conftest import LEAVE, Api

PASSWORD = "correct horse battery"
OTHER = "# Pay\n\nA welder earns 3,100 euro.\n"


@dataclass(frozen=True, slots=True)
class House:
    """Two knowledge bases with one document each; Bob is a member of the first, and has the role that is `given`."""

    bob: Api
    mine: str
    other: str
    mine_job: str
    other_job: str
    given: Callable[[MemberRole], None]


PROFILE = {"splitter": "sentence", "chunk_size": 16, "overlap": 0}


@pytest.fixture
def house(services: Services, api: Api, reach: Callable[[str], Api]) -> House:
    mine, other = api.take_in("leave.md", LEAVE, "Mine"), api.take_in("pay.md", OTHER, "Other")
    with services.database.write() as session:
        bob = people.create_person(session, "bob", PASSWORD)
        key = people.create_api_key(session, bob, "script")
        admin_reads = people.get_access(session, people.create_person(session, "ada", PASSWORD, is_admin=True))
        base_id = admin_reads.readable["Mine"].id
        session.add(Membership(person_id=bob.id, knowledge_base_id=base_id))
        bob_id = bob.id

    def give(role: MemberRole) -> None:
        with services.database.write() as session:
            session.merge(Membership(person_id=bob_id, knowledge_base_id=base_id, role=role))

    job_ids = {job["knowledge_base"]: job["id"] for job in api.get("/jobs").json()}
    return House(reach(key), mine, other, job_ids["Mine"], job_ids["Other"], give)


@pytest.mark.parametrize("key", ["", "cloister_wrong"])
def test_every_route_refuses_whoever_does_not_say_who_asks(
    key: str, services: Services, reach: Callable[[str], Api]
) -> None:
    routes = [(method, path) for method, path in _routes(services) if path.startswith("/api/v1")]
    answers = {route: reach(key).client.request(*route) for route in routes}
    assert len(answers) > 10
    # Wrong keys in a row are not even looked at any more.
    refused = {401, 429} if key else {401}
    assert {route: answer.status_code for route, answer in answers.items() if answer.status_code not in refused} == {}
    for answer in answers.values():
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers.get("www-authenticate") == ("Bearer" if answer.status_code == 401 else None)
        assert set(answer.json()) == {"type", "title", "status", "detail"}


def test_only_the_probes_and_the_description_are_open(services: Services) -> None:
    outside = {route for _, route in _routes(services) if not route.startswith(("/api/v1", "/v1/"))}
    assert outside == {"/healthz", "/readyz", "/metrics"}


@pytest.mark.parametrize("part", ["", "/text", "/file"])
def test_a_member_sees_the_documents_of_their_own_knowledge_bases_only(house: House, part: str) -> None:
    assert house.bob.get(f"/documents/{house.mine}{part}").status_code == 200
    denied, missing = house.bob.get(f"/documents/{house.other}{part}"), house.bob.get(f"/documents/nothing{part}")
    assert denied.status_code == 404
    assert denied.json() == _with_id(missing.json(), house.other)


def test_a_member_sees_the_jobs_of_their_own_knowledge_bases_only(house: House) -> None:
    (job,) = house.bob.get("/jobs").json()
    assert house.bob.get(f"/jobs/{job['id']}").json()["knowledge_base"] == "Mine"
    denied, missing = house.bob.get(f"/jobs/{house.other_job}"), house.bob.get("/jobs/nothing")
    assert denied.status_code == 404
    assert denied.json() == _with_id(missing.json(), house.other_job)


def test_lists_and_searches_hold_only_what_a_member_may_read(house: House, api: Api) -> None:
    for reader, seen in ((api, {"leave.md", "pay.md"}), (house.bob, {"leave.md"})):
        assert {document["name"] for document in reader.get("/documents").json()} == seen
        found = reader.post("/search", {"query": "leave of a welder in days and euro"}).json()["passages"]
        assert {passage["document"] for passage in found} == seen
    assert [base["name"] for base in house.bob.get("/knowledge-bases").json()] == ["Mine"]


@pytest.mark.parametrize("path", ["/search", "/ask"])
def test_naming_a_knowledge_base_does_not_open_it(house: House, path: str) -> None:
    assert house.bob.post(path, {"query": "leave", "knowledge_bases": ["Mine"]}).status_code == 200
    denied = house.bob.post(path, {"query": "leave", "knowledge_bases": ["Other"]})
    missing = house.bob.post(path, {"query": "leave", "knowledge_bases": ["Moon"]})
    assert (denied.status_code, missing.status_code) == (404, 404)
    assert denied.json()["detail"] == missing.json()["detail"].replace("Moon", "Other")


def test_a_member_changes_nothing(house: House, api: Api) -> None:
    refused = [
        house.bob.upload("new.md", "text", "Mine"),
        house.bob.post("/knowledge-bases", {"name": "New"}),
        house.bob.post("/knowledge-bases/Mine/ingest", {"paths": ["/etc/hostname"]}),
        house.bob.delete(f"/documents/{house.mine}"),
        house.bob.get("/doctor"),
    ]
    assert [answer.status_code for answer in refused] == [403] * 5
    assert len(api.get("/documents").json()) == 2


def test_an_editor_adds_and_deletes_in_their_own_knowledge_base_and_in_no_other(house: House, api: Api) -> None:
    house.given(MemberRole.EDITOR)
    added = house.bob.upload("new.md", "A welder has 30 days of leave.", "Mine")
    assert added.status_code == 202
    assert house.bob.finish(added.json()["id"])["state"] == "done"
    assert house.bob.upload("new.md", "text", "Other").status_code == 404
    assert house.bob.upload("new.md", "text", "Nowhere").status_code == 404
    assert house.bob.post(f"/documents/{house.mine}/read-again", None).status_code == 202
    assert house.bob.post(f"/documents/{house.other}/read-again", None).status_code == 404
    assert house.bob.delete(f"/documents/{house.mine}").status_code == 200
    assert house.bob.delete(f"/documents/{house.other}").status_code == 404
    assert {document["name"] for document in api.get("/documents").json()} == {"new.md", "pay.md"}


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_an_editor_manages_the_jobs_of_their_own_knowledge_base_only(house: House, action: str) -> None:
    assert house.bob.post(f"/jobs/{house.mine_job}/{action}", None).status_code == 403
    house.given(MemberRole.EDITOR)
    # There is nothing to try again in a job whose documents are all in.
    assert house.bob.post(f"/jobs/{house.mine_job}/{action}", None).status_code in (202, 422)
    assert house.bob.post(f"/jobs/{house.other_job}/{action}", None).status_code == 404
    assert house.bob.delete(f"/jobs/{house.other_job}").status_code == 404
    assert house.bob.delete(f"/jobs/{house.mine_job}").status_code == 204


@pytest.mark.parametrize("role", [MemberRole.READER, MemberRole.EDITOR])
def test_who_is_no_admin_of_a_knowledge_base_does_not_cut_it_anew(house: House, role: MemberRole) -> None:
    house.given(role)
    for kb, status in (("Mine", 403), ("Other", 404)):
        assert house.bob.post(f"/knowledge-bases/{kb}/reindex", PROFILE).status_code == status
        assert house.bob.get(f"/knowledge-bases/{kb}/generations").status_code == status


def test_an_admin_of_a_knowledge_base_cuts_only_that_one_anew(house: House, api: Api) -> None:
    house.given(MemberRole.ADMIN)
    job = house.bob.post("/knowledge-bases/Mine/reindex", PROFILE)
    assert job.status_code == 202
    assert house.bob.finish(job.json()["id"])["state"] == "done"
    assert house.bob.post("/knowledge-bases/Other/reindex", PROFILE).status_code == 404
    assert house.bob.get("/knowledge-bases/Other/generations").status_code == 404
    (foreign,) = api.get("/knowledge-bases/Other/generations").json()
    assert house.bob.post(f"/generations/{foreign['id']}/activate", None).status_code == 404
    assert house.bob.delete(f"/generations/{foreign['id']}").status_code == 404
    assert {base["chunk_size"] for base in house.bob.get("/knowledge-bases").json()} == {16}


def test_nobody_but_an_admin_of_the_service_makes_or_deletes_a_knowledge_base(house: House, api: Api) -> None:
    for role in MemberRole:
        house.given(role)
        assert house.bob.post("/knowledge-bases", {"name": "New"}).status_code == 403
        assert house.bob.delete("/knowledge-bases/Mine").status_code == 403
    assert api.post("/knowledge-bases", {"name": "New"}).status_code == 201
    assert api.delete("/knowledge-bases/Mine").status_code == 202


def test_an_admin_with_a_key_cannot_read_the_servers_disk(
    services: Services, api: Api, reach: Callable[[str], Api]
) -> None:
    with services.database.write() as session:
        key = people.create_api_key(session, people.create_person(session, "ada", PASSWORD, is_admin=True), "script")
    body = {"paths": [__file__]}
    assert reach(key).post("/knowledge-bases/Documents/ingest", body).status_code == 403
    accepted = api.post("/knowledge-bases/Documents/ingest", body)
    assert accepted.status_code == 202
    api.finish(accepted.json()["id"])


def _routes(services: Services) -> list[tuple[str, str]]:
    """Every method and path of the API."""
    paths = build_api(services).openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def _with_id(problem: dict[str, object], id: str) -> dict[str, object]:
    return {**problem, "detail": str(problem["detail"]).replace("nothing", id)}
