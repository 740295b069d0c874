"""Knowledge bases over the API: renamed, deleted, and who is a member."""

from collections.abc import Callable

import pytest

from app.db import people
from app.services import Services
from tests.app.web.api.conftest import LEAVE, Api

PASSWORD = "correct horse battery"


@pytest.fixture
def join(services: Services, reach: Callable[[str], Api]) -> Callable[[str], Api]:
    """Makes a person who is a member of nothing, and gives their API."""

    def join(name: str) -> Api:
        with services.database.write() as session:
            return reach(people.create_api_key(session, people.create_person(session, name, PASSWORD), "script"))

    return join


def names(api: Api) -> list[str]:
    return [base["name"] for base in api.get("/knowledge-bases").json()]


def give(api: Api, kb: str, name: str, role: str) -> int:
    return int(api.client.put(f"/api/v1/knowledge-bases/{kb}/members/{name}", json={"role": role}).status_code)


def test_a_knowledge_base_has_another_name_and_is_the_same(api: Api) -> None:
    id = api.take_in("leave.md", LEAVE, "Old")
    assert api.patch("/knowledge-bases/Old", {"name": "New"}).status_code == 204
    assert names(api) == ["New"]
    assert api.get(f"/documents/{id}").json()["knowledge_base"] == "New"
    assert api.patch("/knowledge-bases/Old", {"name": "Newer"}).status_code == 404


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "Other"])
def test_a_name_that_is_none_or_is_taken_is_refused(api: Api, name: str) -> None:
    for kb in ("Mine", "Other"):
        api.post("/knowledge-bases", {"name": kb})
    assert api.patch("/knowledge-bases/Mine", {"name": name}).status_code == 422
    assert names(api) == ["Mine", "Other"]


def test_a_deleted_knowledge_base_is_gone_at_once_and_its_name_is_free(api: Api) -> None:
    id = api.take_in("leave.md", LEAVE, "Mine")
    assert api.delete("/knowledge-bases/Mine").status_code == 202
    assert names(api) == []
    assert api.get(f"/documents/{id}").status_code == 404
    assert api.delete("/knowledge-bases/Mine").status_code == 404
    assert api.post("/search", {"query": "parental leave"}).json() == {"passages": []}
    assert api.post("/knowledge-bases", {"name": "Mine"}).json()["documents"] == 0


def test_an_admin_of_a_knowledge_base_renames_it_and_does_not_delete_it(api: Api, join: Callable[[str], Api]) -> None:
    api.post("/knowledge-bases", {"name": "Mine"})
    ben = join("ben")
    for role, status in (("reader", 403), ("editor", 403), ("admin", 204)):
        give(api, "Mine", "ben", role)
        assert ben.patch("/knowledge-bases/Mine", {"name": "Mine"}).status_code == status
        assert ben.delete("/knowledge-bases/Mine").status_code == 403
    assert names(api) == ["Mine"]


def test_a_member_is_given_a_role_another_one_and_none(api: Api, join: Callable[[str], Api]) -> None:
    api.post("/knowledge-bases", {"name": "Mine"})
    ben = join("ben")
    assert names(ben) == []
    assert give(api, "Mine", "ben", "reader") == 204
    assert names(ben) == ["Mine"]
    assert give(api, "Mine", "ben", "editor") == 204
    (member,) = api.get("/knowledge-bases/Mine/members").json()
    assert (member["name"], member["role"], member["is_group"]) == ("ben", "editor", False)
    assert api.delete(f"/knowledge-bases/Mine/members/{member['id']}").status_code == 204
    assert names(ben) == []
    assert api.delete(f"/knowledge-bases/Mine/members/{member['id']}").status_code == 404


def test_a_role_that_is_none_and_a_name_that_nobody_has_are_refused(api: Api, join: Callable[[str], Api]) -> None:
    api.post("/knowledge-bases", {"name": "Mine"})
    join("ben")
    assert give(api, "Mine", "ben", "owner") == 422
    assert give(api, "Mine", "nobody", "reader") == 404
    assert api.get("/knowledge-bases/Mine/members").json() == []


def test_only_an_admin_of_the_knowledge_base_says_who_is_a_member(api: Api, join: Callable[[str], Api]) -> None:
    for kb in ("Mine", "Other"):
        api.post("/knowledge-bases", {"name": kb})
    ben = join("ben")
    join("eve")
    for role, seen, changed in (("reader", 403, 403), ("editor", 403, 403), ("admin", 200, 204)):
        give(api, "Mine", "ben", role)
        assert ben.get("/knowledge-bases/Mine/members").status_code == seen
        assert give(ben, "Mine", "eve", "admin") == changed
    assert ben.get("/knowledge-bases/Other/members").status_code == 404
    assert give(ben, "Other", "ben", "admin") == 404
    (eve,) = [each for each in api.get("/knowledge-bases/Mine/members").json() if each["name"] == "eve"]
    assert join("max").delete(f"/knowledge-bases/Mine/members/{eve['id']}").status_code == 404
    assert ben.delete(f"/knowledge-bases/Mine/members/{eve['id']}").status_code == 204
