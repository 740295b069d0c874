"""Re-indexing over the API, and the way back."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.app.web.api.conftest import LEAVE, Api

PROFILE = {"splitter": "sentence", "chunk_size": 16, "overlap": 0}
LONG = LEAVE + " ".join(f"Sentence {n} tells something about leave." for n in range(20))


def states(api: Api) -> dict[str, Any]:
    return {each["state"]: each for each in api.get("/knowledge-bases/Documents/generations").json()}


def test_a_knowledge_base_is_re_indexed_and_brought_back(api: Api) -> None:
    api.take_in("leave.md", LONG)
    before = states(api)["active"]
    job = api.post("/knowledge-bases/Documents/reindex", PROFILE)
    assert job.status_code == 202, job.text
    assert api.finish(job.json()["id"])["state"] == "done"
    after = states(api)
    assert (after["kept"]["id"], after["active"]["chunk_size"]) == (before["id"], 16)
    assert after["active"]["chunks"] > before["chunks"]
    (base,) = api.get("/knowledge-bases").json()
    assert (base["chunk_size"], base["chunks"]) == (16, after["active"]["chunks"])
    back = api.post(f"/generations/{before['id']}/activate", None)
    assert (back.status_code, back.json()) == (202, {"job": None})
    assert states(api)["active"]["id"] == before["id"]
    assert api.delete(f"/generations/{after['active']['id']}").status_code == 204
    assert states(api).keys() == {"active"}


@pytest.mark.parametrize(
    ("change", "status"),
    [({"splitter": "chapter"}, 422), ({"chunk_size": 1}, 422), ({"overlap": 12}, 422), ({"chunk_size": 90_000}, 422)],
)
def test_a_profile_that_cannot_be_is_refused(api: Api, change: dict[str, Any], status: int) -> None:
    api.take_in("leave.md", LEAVE)
    assert api.post("/knowledge-bases/Documents/reindex", PROFILE | change).status_code == status
    assert api.post("/knowledge-bases/Nothing/reindex", PROFILE).status_code == 404


def test_nobody_but_an_admin_re_indexes(reach: Callable[[str], Api]) -> None:
    nobody = reach("")
    assert nobody.post("/knowledge-bases/Documents/reindex", PROFILE).status_code == 401
    assert nobody.post("/generations/x/activate", None).status_code == 401
    assert nobody.delete("/generations/x").status_code == 401
    assert nobody.get("/knowledge-bases/Documents/generations").status_code == 401


def test_a_profile_is_seen_on_a_document_before_it_is_applied(api: Api) -> None:
    id = api.take_in("leave.md", LONG)
    text = api.get(f"/documents/{id}/text").text
    made = api.post(f"/documents/{id}/preview", PROFILE | {"overlap": 6}).json()
    assert made["cut_tokens"] == 0
    assert made["estimate"]["chunks"] == len(made["chunks"])
    first, second, *_ = made["chunks"]
    assert text[first["start_char"] : first["end_char"]] in LONG
    assert first["heading"] == "Leave"
    assert second["start_char"] + second["repeats"] == max(first["end_char"], second["start_char"])
    assert api.post("/documents/nothing/preview", PROFILE).status_code == 404
    assert states(api)["active"]["chunk_size"] == 200
