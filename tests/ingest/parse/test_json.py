"""JSON and JSON Lines become text that people can read."""

import json

import pytest

from app.errors import UnreadableDocument
from tests.ingest.parse.conftest import Parse


def test_keys_become_lines_and_headings(parsed: Parse) -> None:
    content = {"deep": {"more": {"z": None}, "y": "a | b"}, "name": "Plan", "ok": True, "tags": ["a", 2]}
    document = parsed("a.json", json.dumps(content))
    assert document.text == "name: Plan\nok: true\ntags: a, 2\n\n## deep\n\ny: a | b\n\n### more\n\nz: null"
    assert (document.title, document.media_type) == ("Plan", "application/json")


def test_a_list_of_flat_objects_is_a_table(parsed: Parse) -> None:
    content = '[{"room": "A", "seats": 12}, {"room": "B", "floor": 2}]'
    assert parsed("Rooms.json", content).text == (
        "| room | seats | floor |\n| --- | --- | --- |\n| A | 12 |  |\n| B |  | 2 |"
    )
    assert parsed("Rooms.json", content).title == "Rooms"


def test_a_mixed_list_keeps_its_order(parsed: Parse) -> None:
    assert parsed("a.json", '[1, {"k": {"z": 1}}, "last"]').text == "- 1\n\n## 2\n\n### k\n\nz: 1\n\n- last"


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json"])
def test_lines_of_json_are_one_list(parsed: Parse, name: str) -> None:
    assert parsed(name, '{"a": 1}\n\n{"a": 2}\n').text == "| a |\n| --- |\n| 1 |\n| 2 |"


def test_json_without_a_suffix_is_told_by_its_look(parsed: Parse) -> None:
    assert parsed("config", '{"a": 1}').media_type == "application/json"
    assert parsed("notes.txt", "[draft] words").media_type == "text/plain"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"a": 1,\n "b" 2}', r"is no valid JSON \(line 2, column 6\); repair it"),
        ("[" * 100_000, "is nested too deep"),
        ("9" * 5_000, "a number is too long"),
    ],
)
def test_what_is_no_json_says_where(parsed: Parse, content: str, sentence: str) -> None:
    with pytest.raises(UnreadableDocument, match=sentence):
        parsed("a.json", content)


def test_half_a_character_does_not_break_the_text(parsed: Parse) -> None:
    assert parsed("a.json", r'{"a": "x\ud800y"}').text.encode() == b"a: x?y"
