"""Question sets over the API, and what the present way of chunking finds of them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.app.web.api.conftest import Api

FRUIT = ("apples", "pears", "plums", "quinces", "medlars", "sloes")


def text_of(name: str) -> str:
    return (
        f"# {name.title()}\n\nAll about {name}. They ripen in\nOctober and keep until spring.\n\nThe end of {name}.\n"
    )


def question_set(*rows: tuple[str, str, str]) -> str:
    return "Question,Document,Quote\n" + "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows)


def take_in_fruit(api: Api) -> None:
    for name in FRUIT:
        api.take_in(f"{name}.md", text_of(name))


def send(api: Api, content: str | bytes) -> Any:
    return api.client.post("/api/v1/knowledge-bases/Documents/questions", files={"file": ("set.csv", content)})


def test_a_question_set_is_kept_measured_and_survives_re_indexing(api: Api) -> None:
    take_in_fruit(api)
    rows = [(f"What of {name} ripens?", f"{name}.md", "They ripen in October and keep until spring.") for name in FRUIT]
    kept = send(api, question_set(*rows))
    assert (kept.status_code, kept.json()) == (201, {"kept": 6, "refused": []})
    assert send(api, question_set(*rows)).json()["kept"] == 6
    listed = api.get("/knowledge-bases/Documents/questions").json()
    assert [each["document"] for each in listed] == sorted(f"{name}.md" for name in FRUIT)

    measured = api.post("/knowledge-bases/Documents/measure", {"k": 3}).json()
    assert (measured["questions"], measured["k"], measured["lost"]) == (6, 3, [])
    assert measured["recall"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert measured["reciprocal_rank"]["mean"] == 1.0
    assert 0 < measured["precision"]["mean"] < 1

    profile = {"splitter": "sentence", "chunk_size": 16, "overlap": 0}
    api.finish(api.post("/knowledge-bases/Documents/reindex", profile).json()["id"])
    again = api.post("/knowledge-bases/Documents/measure", {"k": 3}).json()
    assert again["questions"] == 6

    assert api.delete(f"/knowledge-bases/Documents/questions/{listed[0]['id']}").status_code == 204
    assert len(api.get("/knowledge-bases/Documents/questions").json()) == 5


def test_a_trial_is_measured_and_compared_before_it_answers(api: Api) -> None:
    take_in_fruit(api)
    rows = [(f"What of {name} ripens?", f"{name}.md", "They ripen in October and keep until spring.") for name in FRUIT]
    send(api, question_set(*rows))
    profile = {"splitter": "sentence", "chunk_size": 16, "overlap": 0, "is_trial": True}
    api.finish(api.post("/knowledge-bases/Documents/reindex", profile).json()["id"])
    generations = {each["state"]: each["id"] for each in api.get("/knowledge-bases/Documents/generations").json()}
    assert generations.keys() == {"active", "trial"}
    trial = {"generation_id": generations["trial"], "k": 1}
    measured = api.post("/knowledge-bases/Documents/measure", trial).json()
    assert measured["questions"] == 6
    present = api.post("/knowledge-bases/Documents/measure", {"k": 1}).json()
    compared = api.post("/knowledge-bases/Documents/compare", trial).json()
    difference = measured["recall"]["mean"] - present["recall"]["mean"]
    assert compared["difference"]["mean"] == pytest.approx(difference, abs=1e-3)
    same = api.post("/knowledge-bases/Documents/compare", trial | {"baseline_id": generations["trial"]}).json()
    assert same["verdict"] == "noise"
    assert same["sentence"].startswith("The difference is within noise: +0.0 points of recall")
    assert api.post("/knowledge-bases/Documents/compare", {"generation_id": "nothing"}).status_code == 404
    assert api.post(f"/generations/{generations['trial']}/activate", None).json() == {"job": None}
    assert api.get("/knowledge-bases").json()[0]["chunk_size"] == 16


def test_a_question_whose_words_are_gone_is_named_and_not_asked(api: Api) -> None:
    take_in_fruit(api)
    send(api, question_set(*((f"What of {name}?", f"{name}.md", f"All about {name}.") for name in FRUIT)))
    api.take_in("pears.md", "# Pears\n\nNothing of what was here before.\n")
    measured = api.post("/knowledge-bases/Documents/measure", {}).json()
    assert (measured["questions"], measured["lost"]) == (5, ["What of pears?"])


def test_rows_that_cannot_be_kept_are_named(api: Api) -> None:
    take_in_fruit(api)
    answer = send(
        api,
        question_set(
            ("Where?", "nowhere.md", "There."), ("What?", "pears.md", "All about figs."), ("", "pears.md", "The end")
        ),
    ).json()
    assert answer["kept"] == 0
    assert answer["refused"] == [
        "Line 2: there is no document “nowhere.md”.",
        "Line 4 lacks a question, a document or a quote.",
        "“What?”: its quote stands in no place of the document.",
    ]
    refused = api.post("/knowledge-bases/Documents/measure", {})
    assert refused.status_code == 422
    assert "at least 5 questions" in refused.json()["detail"]


def test_a_file_that_is_no_question_set_is_refused(api: Api) -> None:
    api.take_in("pears.md", text_of("pears"))
    assert "must name the columns" in send(api, "a,b\n1,2\n").json()["detail"]
    assert "UTF-8" in send(api, "question,document,quote\nGrüße,a,b\n".encode("utf-16")).json()["detail"]


def test_nobody_but_an_admin_sees_questions(reach: Callable[[str], Api]) -> None:
    nobody = reach("")
    assert nobody.get("/knowledge-bases/Documents/questions").status_code == 401
    assert nobody.post("/knowledge-bases/Documents/measure", {}).status_code == 401
    assert nobody.post("/documents/x/preview", {}).status_code == 401
