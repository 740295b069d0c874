"""The pages of people and groups, as an admin uses them."""

import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from app.db import accounts, knowledge_bases
from app.domain import MemberRole
from app.services import Services
from tests.app.web.signed_in import PASSWORD, Browser

Enter = Callable[..., Browser]


def secret_on(page: str) -> str:
    """What the page shows once."""
    found = re.search(r'id="secret"[^>]* value="([^"]+)"', page)
    assert found, page
    return found[1]


def id_of(services: Services, name: str) -> str:
    with services.database.read() as session:
        return next(each.id for each in accounts.list_all(session) if each.name == name)


def make_base(services: Services, name: str) -> str:
    with services.database.write() as session:
        profile = services.settings.chunking.profile
        return knowledge_bases.get_or_create(session, name, profile=profile, embedding_model_id="word-hash").id


def test_the_list_is_searched_by_name_and_group_and_sorted(admin: Browser, enter: Enter, services: Services) -> None:
    enter("Ben")
    admin.post("/admin/people/groups", {"name": "Sales"})
    admin.post("/admin/people", {"name": "Clara"})
    admin.post(f"/admin/people/{id_of(services, 'Ben')}/groups", {"group": group_id(admin)})

    def shown(**query: str) -> list[str]:
        return re.findall(r'<a href="/admin/people/\w{32}">([^<]+)</a>', admin.get("/admin/people", **query).text)

    assert shown() == ["Ada", "Ben", "Clara"]
    assert shown(sort="-name") == ["Clara", "Ben", "Ada"]
    assert shown(sort="state") == ["Clara", "Ada", "Ben"]
    assert shown(q="sale") == ["Ben"]
    assert "Nobody has this name" in admin.get("/admin/people", q="nobody").text


def group_id(admin: Browser) -> str:
    found = re.search(r"/admin/people/groups/(\w{32})", admin.get("/admin/people/groups").text)
    assert found
    return found[1]


def test_a_new_persons_link_is_shown_once_and_lets_them_in(admin: Browser, services: Services) -> None:
    answer = admin.post("/admin/people", {"name": "Clara"})
    link = secret_on(answer.text)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    token = link.partition("?token=")[2]
    person = f"/admin/people/{id_of(services, 'Clara')}"
    assert all(token not in admin.get(path).text for path in ("/admin/people", person))
    clara = TestClient(admin.client.app, follow_redirects=False)
    clara.post("/welcome", data={"token": token, "password": PASSWORD, "again": PASSWORD})
    assert clara.get("/account").status_code == 200
    assert clara.get("/admin/people").status_code == 403


def test_a_key_is_shown_once_and_stops_when_revoked(admin: Browser, services: Services) -> None:
    person = f"/admin/people/{admin.person_id}"
    key = secret_on(admin.post(f"{person}/keys", {"name": "Reports", "days": "30"}).text)
    program = TestClient(admin.client.app, headers={"Authorization": f"Bearer {key}"})
    assert program.get("/api/v1/documents").status_code == 200
    page = admin.get(person).text
    assert key not in page
    assert f"{key[:15]}…" in page
    revoke = re.search(rf"{person}/keys/\w+/revoke", page)
    assert revoke
    admin.post(revoke[0])
    assert program.get("/api/v1/documents").status_code == 401


@pytest.mark.parametrize("what", ["disable", "delete", "admin"])
def test_the_last_admin_stays_and_reads_why(admin: Browser, services: Services, what: str) -> None:
    answer = admin.post(f"/admin/people/{admin.person_id}/{what}", {"is_admin": "false"})
    assert answer.status_code in (403, 422)
    assert "Nothing was changed" in answer.text
    assert admin.get("/admin/people").status_code == 200


def test_whoever_gives_their_own_admin_right_away_lands_where_they_may_be(admin: Browser, enter: Enter) -> None:
    enter("Eve", is_admin=True)
    answer = admin.post(f"/admin/people/{admin.person_id}/admin", {"is_admin": "false"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    page = admin.get("/account")
    assert (page.status_code, "You are no admin any more." in page.text) == (200, True)
    assert admin.get("/admin/people").status_code == 403


def test_shutting_out_letting_in_and_deleting(admin: Browser, enter: Enter, services: Services) -> None:
    ben = enter("Ben")
    person = f"/admin/people/{ben.person_id}"
    assert ben.get("/account").status_code == 200
    admin.post(f"{person}/disable")
    assert ben.get("/account").status_code == 303
    assert "disabled" in admin.get(person).text
    admin.post(f"{person}/enable")
    assert enter("Ben").get("/account").status_code == 200
    assert admin.post(f"{person}/delete").headers["location"] == "/admin/people"
    assert "“Ben” is deleted, with 0 chats." in admin.get("/admin/people").text
    assert admin.get(person).status_code == 404


def test_roles_are_given_changed_and_taken(admin: Browser, enter: Enter, services: Services) -> None:
    base = make_base(services, "Handbook")
    ben = enter("Ben")
    person = f"/admin/people/{ben.person_id}"
    admin.post(f"{person}/roles", {"base": base, "role": MemberRole.READER})
    assert ben.get("/admin").status_code == 403
    admin.post(f"{person}/roles", {"base": base, "role": MemberRole.EDITOR})
    assert ben.get("/admin").status_code == 200
    assert "Handbook (editor)" in ben.get("/account").text
    admin.post(f"{person}/roles/{base}/remove")
    assert ben.get("/admin").status_code == 403


def test_sessions_are_ended_one_by_one_and_together(admin: Browser, enter: Enter) -> None:
    first, second, third = enter("Ben"), enter("Ben"), enter("Ben")
    person = f"/admin/people/{first.person_id}"
    one = re.findall(rf"{person}/sessions/\w{{32}}/end", admin.get(person).text)
    assert len(one) == 3
    admin.post(one[0])
    assert sorted(each.get("/account").status_code for each in (first, second, third)) == [200, 200, 303]
    admin.post(f"{person}/sessions/end")
    assert {each.get("/account").status_code for each in (first, second, third)} == {303}


def test_a_group_is_made_filled_renamed_and_deleted(admin: Browser, enter: Enter) -> None:
    ben = enter("Ben")
    made = admin.post("/admin/people/groups", {"name": "Sales"}).headers["location"]
    admin.post(f"{made}/members", {"person": ben.person_id})
    admin.post(f"{made}/name", {"name": "Trade"})
    page = admin.get(made).text
    assert ("<h1>Trade</h1>" in page, f'/members/{ben.person_id}/remove"' in page) == (True, True)
    assert "Trade" in admin.get(f"/admin/people/{ben.person_id}").text
    admin.post(f"{made}/members/{ben.person_id}/remove")
    assert "Nobody is in this group yet." in admin.get(made).text
    admin.post(f"{made}/delete")
    assert admin.get(made).status_code == 404
    assert "There is no group yet." in admin.get("/admin/people/groups").text


def test_an_admin_of_a_knowledge_base_alone_sees_no_people(enter: Enter, services: Services) -> None:
    base = make_base(services, "Handbook")
    manager = enter("Ben", roles={base: MemberRole.ADMIN})
    assert manager.get("/admin").status_code == 200
    for path in ("/admin/people", "/admin/people/groups", f"/admin/people/{'0' * 32}"):
        assert manager.get(path).status_code == 403
    assert 'href="/admin/people"' not in manager.get("/admin").text
