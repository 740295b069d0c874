"""Which passwords are taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import LEAST_VARIETY, PasswordFault, PasswordPolicy

POLICY = PasswordPolicy(12)
GOOD = "correct horse battery"


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        (GOOD, None),
        ("elevenchars", PasswordFault.TOO_SHORT),
        ("abcdabcdabcd", PasswordFault.TOO_PLAIN),
        ("abcdeabcdeab", None),
        ("ada lovelace was here", PasswordFault.HOLDS_NAME),
        ("xx AdaLovelace xx", PasswordFault.HOLDS_NAME),
        ("xx ADA\tLOVE LACE xx", PasswordFault.HOLDS_NAME),
        ("lovelace was here", None),
    ],
)
def test_a_password_is_long_varied_and_without_the_name(password: str, fault: PasswordFault | None) -> None:
    assert POLICY.find_fault(password, "Ada Lovelace") is fault


@pytest.mark.parametrize("name", ["Bo", "", " "])
def test_a_name_of_one_or_two_letters_forbids_no_word(name: str) -> None:
    assert POLICY.find_fault("a book about boats", name) is None


@given(st.text(), st.text())
def test_what_is_taken_keeps_every_rule(password: str, name: str) -> None:
    if POLICY.find_fault(password, name) is None:
        assert len(password) >= POLICY.min_length
        assert len(set(password)) >= LEAST_VARIETY
        assert len("".join(name.split())) <= 2 or name not in password


@given(st.text(min_size=12).filter(lambda text: len(set(text)) >= LEAST_VARIETY))
def test_a_long_and_varied_password_is_taken_from_somebody_without_a_name(password: str) -> None:
    assert POLICY.find_fault(password, "") is None


@given(st.text(min_size=3).filter(lambda text: len("".join(text.split())) >= 3), st.text(), st.text())
def test_the_name_is_found_wherever_it_stands(name: str, before: str, after: str) -> None:
    assert POLICY.find_fault(f"{before}{name}{after}0123456789ab", name) is PasswordFault.HOLDS_NAME


@pytest.mark.parametrize("fault", list(PasswordFault))
def test_each_fault_says_what_to_do(fault: PasswordFault) -> None:
    assert POLICY.explain(fault).startswith("The password")
