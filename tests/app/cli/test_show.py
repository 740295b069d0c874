from typing import Any

import pytest

from app.cli.show import print_outcomes


def outcome(status: str, **facts: Any) -> dict[str, Any]:
    return {"source": "a.pdf", "status": status, "pages": 0, "chunks": 0, "error": None, **facts}


def test_an_ingest_ends_with_how_many_documents_met_which_fate(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = [outcome("indexed", pages=3, chunks=9), outcome("unchanged"), outcome("failed", error="No text.")]
    print_outcomes(outcomes, as_json=False)
    assert capsys.readouterr().out.splitlines()[-1] == "1 indexed (3 pages, 9 chunks), 1 unchanged, 1 failed."


def test_an_empty_folder_is_said_to_be_empty(capsys: pytest.CaptureFixture[str]) -> None:
    print_outcomes([], as_json=False)
    assert capsys.readouterr().out == "There was nothing to read.\n"
