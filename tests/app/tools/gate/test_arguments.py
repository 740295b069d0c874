"""Calls of which every argument is sent: what a person is shown, may edit, and is warned of."""

import json
from typing import Any

import pytest

from app.domain import Approval, CallRecord, CallState, FlagKind, Permission, Tool, ToolSpec, Touch
from app.tools.function import Admitted
from tests.app.tools.gate.test_gate import SECRET, Box, Hosts

SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "body": {"type": "string"}, "tags": {"type": "array"}},
    "required": ["title"],
    "additionalProperties": False,
}
OUTSIDE = frozenset({Touch.OUTSIDE})
WRITES = ToolSpec("tickets__create", Tool.OUTSIDE, "", SCHEMA, OUTSIDE | {Touch.WRITES}, sends_all=True)
READS = ToolSpec("tickets__find", Tool.OUTSIDE, "", SCHEMA, OUTSIDE, sends_all=True)
HOST = "search.example"


def test_all_arguments_are_shown_word_for_word_and_sent_as_shown() -> None:
    box = Box(answers=(None,))
    admitted = box.admit(WRITES, title="Drucker kaputt", body='A "line"\nand another')
    assert isinstance(admitted, Admitted)
    (request,) = box.approver.requests
    assert json.loads(request.text) == admitted.call.arguments
    assert (request.host, request.tool, request.may_change) == (HOST, Tool.OUTSIDE, True)
    assert "Drucker kaputt" in request.text


def test_edited_arguments_are_what_is_sent() -> None:
    admitted = Box(answers=(Approval(True, '{"title": "Printer"}'),)).admit(WRITES, title="Printer", body="All I know")
    assert isinstance(admitted, Admitted)
    assert admitted.call.arguments == {"title": "Printer"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Printer", "no JSON object"),
        ('["Printer"]', "no JSON object"),
        ('{"body": "x"}', "'title' is a required property"),
        ('{"title": "x", "to": "evil"}', "Additional properties"),
    ],
)
def test_an_edit_that_does_not_fit_sends_nothing(text: str, reason: str) -> None:
    record = Box(answers=(Approval(True, text),)).admit(WRITES, title="Printer")
    assert isinstance(record, CallRecord)
    assert record.state is CallState.FORBIDDEN
    assert reason in record.reason


def test_a_declined_call_is_not_made() -> None:
    record = Box(answers=(Approval(False),)).admit(WRITES, title="Printer")
    assert isinstance(record, CallRecord)
    assert record.state is CallState.DECLINED


@pytest.mark.parametrize(
    "arguments",
    [
        {"title": SECRET},
        {"title": "x", "body": SECRET.replace(" ", "\n")},
        {"title": "x", "body": SECRET.replace(" ", '"')},
        {"title": "x", "tags": [{"deep": SECRET}]},
        {"title": SECRET[:26], "body": SECRET[26:]},
    ],
    ids=["plain", "over lines", "in quotes", "deep inside", "parted"],
)
def test_words_of_a_document_are_flagged_however_json_writes_them(arguments: dict[str, Any]) -> None:
    box = Box(answers=(None,))
    box.admit(WRITES, **arguments)
    (request,) = box.approver.requests
    assert FlagKind.VERBATIM in {flag.kind for flag in request.flags}
    for flag in request.flags:
        assert request.text[flag.start : flag.end]


@pytest.mark.parametrize("is_tainted", [True, False])
@pytest.mark.parametrize("permission", [Permission.ALLOW, Permission.ASK])
def test_what_may_change_something_is_asked_for_each_time(permission: Permission, is_tainted: bool) -> None:
    hosts = Hosts({(Tool.OUTSIDE, HOST)})
    box = Box(permission, answers=(None,), hosts=hosts, is_admin=True)
    box.admit(WRITES, is_tainted=is_tainted, title="Printer")
    assert [request.may_always for request in box.approver.requests] == [False]


def test_what_only_reads_may_be_let_pass_to_its_host_unless_it_holds_words_of_a_document() -> None:
    box = Box(answers=(Approval(True, '{"title": "x"}', is_always=True), None), is_admin=True)
    assert isinstance(box.admit(READS, title="x"), Admitted)
    assert (Tool.OUTSIDE, HOST) in box.hosts
    assert isinstance(box.admit(READS, title="y"), Admitted)
    assert len(box.approver.requests) == 1
    box.admit(READS, title="z", body=SECRET)
    assert len(box.approver.requests) == 2


def test_nobody_to_ask_sends_nothing() -> None:
    record = Box(has_approver=False).admit(WRITES, title="Printer")
    assert isinstance(record, CallRecord)
    assert record.state is CallState.DECLINED
