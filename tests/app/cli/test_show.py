from typing import Any

import pytest

from app.cli.show import print_answer, print_outcomes


def outcome(status: str, **facts: Any) -> dict[str, Any]:
    return {"source": "a.pdf", "status": status, "pages": 0, "chunks": 0, "error": None, **facts}


def test_an_ingest_ends_with_how_many_documents_met_which_fate(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = [outcome("indexed", pages=3, chunks=9), outcome("unchanged"), outcome("failed", error="No text.")]
    print_outcomes(outcomes, as_json=False)
    assert capsys.readouterr().out.splitlines()[-1] == "1 indexed (3 pages, 9 chunks), 1 unchanged, 1 failed."


def test_an_empty_folder_is_said_to_be_empty(capsys: pytest.CaptureFixture[str]) -> None:
    print_outcomes([], as_json=False)
    assert capsys.readouterr().out == "There was nothing to read.\n"


def test_an_answer_ends_with_its_sources_and_how_long_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    stages = {"condense": 1, "retrieve": 89, "rerank": 0, "prompt": 210, "first_token": 1100, "total": 4230}
    citation = {"n": 1, "document": "a.pdf", "page": 3, "quote": "26 weeks", "verified": False}
    print_answer(
        {"answer": "26 weeks [1].", "citations": [citation], "timings_ms": stages, "table": None, "on_their_way": 2},
        as_json=False,
    )
    assert capsys.readouterr().out.splitlines()[-5:] == [
        "[1] a.pdf, page 3: “26 weeks”  (not verified)",
        "",
        "2 documents are still being taken in; ask again later for an answer that knows of them.",
        "",
        "answered in 4.2 s · search 0.09 s · first word 1.4 s",
    ]
