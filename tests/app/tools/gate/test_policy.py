from itertools import product

import pytest

from app.domain import MemberRole, Permission, Tool, ToolSpec, Touch
from app.tools.gate.policy import DEFAULT, Verdict, decide, may_be_allowed


def spec(*touches: Touch) -> ToolSpec:
    return ToolSpec("web_search", Tool.WEB, "", {}, frozenset(touches), sent="query")


READS, SENDS, WRITES = spec(Touch.DOCUMENTS), spec(Touch.OUTSIDE), spec(Touch.OUTSIDE, Touch.WRITES)
FACTS = [
    dict(zip(("is_tainted", "is_allowed_host", "is_flagged"), each, strict=True))
    for each in product((False, True), repeat=3)
]


@pytest.mark.parametrize("facts", FACTS)
def test_what_is_never_allowed_is_forbidden_whatever_else_holds(facts: dict[str, bool]) -> None:
    assert {decide(each, Permission.NEVER, **facts) for each in (READS, SENDS, WRITES)} == {Verdict.FORBID}


@pytest.mark.parametrize("facts", FACTS)
@pytest.mark.parametrize("permission", [Permission.ALLOW, Permission.ASK])
def test_what_writes_is_always_asked_for(permission: Permission, facts: dict[str, bool]) -> None:
    assert decide(WRITES, permission, **facts) is Verdict.ASK


@pytest.mark.parametrize("facts", FACTS)
def test_what_stays_on_the_machine_is_let_through_where_it_is_allowed(facts: dict[str, bool]) -> None:
    assert decide(READS, Permission.ALLOW, **facts) is Verdict.ADMIT
    assert decide(READS, Permission.ASK, **facts) is Verdict.ASK


@pytest.mark.parametrize("permission", [Permission.ALLOW, Permission.ASK])
@pytest.mark.parametrize("is_allowed_host", [False, True])
def test_what_leaves_with_something_remarkable_is_always_asked_for(
    permission: Permission, is_allowed_host: bool
) -> None:
    for is_tainted in (False, True):
        verdict = decide(SENDS, permission, is_tainted=is_tainted, is_allowed_host=is_allowed_host, is_flagged=True)
        assert verdict is Verdict.ASK


def test_only_a_host_that_an_admin_allowed_is_sent_to_without_asking_once_documents_are_in_the_conversation() -> None:
    def asked(permission: Permission, *, is_tainted: bool, is_allowed_host: bool) -> Verdict:
        return decide(SENDS, permission, is_tainted=is_tainted, is_allowed_host=is_allowed_host, is_flagged=False)

    assert asked(Permission.ALLOW, is_tainted=True, is_allowed_host=False) is Verdict.ASK
    assert asked(Permission.ASK, is_tainted=False, is_allowed_host=False) is Verdict.ASK
    assert asked(Permission.ALLOW, is_tainted=False, is_allowed_host=False) is Verdict.ADMIT
    assert asked(Permission.ASK, is_tainted=True, is_allowed_host=True) is Verdict.ADMIT


def test_what_leaves_the_machine_is_asked_for_unless_the_owner_says_otherwise() -> None:
    leaving = (Tool.WEB, Tool.OUTSIDE)
    assert {DEFAULT[tool][role] for tool in leaving for role in MemberRole} == {Permission.ASK}
    assert {DEFAULT[tool][role] for tool in Tool if tool not in leaving for role in MemberRole} == {Permission.ALLOW}


def test_no_host_can_be_allowed_for_what_writes_or_is_remarkable() -> None:
    assert may_be_allowed(SENDS, "search.example", is_flagged=False)
    assert not may_be_allowed(SENDS, "search.example", is_flagged=True)
    assert not may_be_allowed(SENDS, "", is_flagged=False)
    assert not may_be_allowed(WRITES, "search.example", is_flagged=False)
