"""What signs in at private sites is readable with its key only, and sites learn whom to write to."""

import pytest

from app.db.sealing import Seal
from app.domain import FormLogin, SignIn
from app.errors import Rejected
from app.settings import load_settings
from ingest.sources.crawl.secrets import SecretBox

SIGN_IN = SignIn.of(user="ann", password="s3cret", form=FormLogin("https://wiki.example/login", {"p": "s3cret"}))


def test_a_sign_in_comes_back_as_it_was_and_is_not_to_be_read_meanwhile() -> None:
    box = SecretBox(Seal("a key"))
    sealed = box.seal(SIGN_IN)
    assert b"s3cret" not in sealed
    assert box.open(sealed) == SIGN_IN
    assert "s3cret" not in repr(SIGN_IN)


def test_another_key_cannot_read_it_and_says_what_to_do() -> None:
    with pytest.raises(Rejected, match="enter it again"):
        SecretBox(Seal("another key")).open(SecretBox(Seal("a key")).seal(SIGN_IN))


def test_the_user_agent_names_cloister_and_a_contact_where_there_is_one() -> None:
    assert load_settings().crawl.user_agent.startswith("Cloister/")
    named = load_settings({"crawl": {"contact": "mailto:it@corp.example"}})
    assert named.crawl.user_agent.endswith("(+mailto:it@corp.example)")
