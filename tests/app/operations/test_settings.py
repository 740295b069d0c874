"""Every setting with its value, its origin and its comment; secrets are never shown."""

import shutil
from pathlib import Path

import pytest

from app.access import Caller
from app.errors import Forbidden
from app.operations import models
from app.operations import settings as operation
from app.operations.settings import SettingFact, hide_passwords
from app.services import Services
from app.settings import CONFIGS_DIR, Settings, load_settings
from app.settings import load as settings_module
from tests.app.operations.callers import caller_of
from tests.fakes import ScriptedGenerator
from tests.gguf_files import write_model

SECRET = "0123456789abcdef" * 2


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A profile, variables and a data folder that the start was given."""
    configs = tmp_path / "configs"
    configs.mkdir()
    shutil.copy(CONFIGS_DIR / "default.yaml", configs)
    (configs / "office.yaml").write_text("server: {log_level: debug}\nocr: {dpi: 300, languages: [de]}\n")
    for module in (settings_module, operation):
        monkeypatch.setattr(module, "CONFIGS_DIR", configs)
    monkeypatch.setenv("CLOISTER_PROFILE", "office")
    monkeypatch.setenv("CLOISTER_OCR__DPI", "400")
    monkeypatch.setenv("CLOISTER_SERVER__SECRET", SECRET)
    monkeypatch.setenv("CLOISTER_PARSE__PDF__PASSWORDS", '["hunter2"]')
    return load_settings({"data_dir": tmp_path / "data"})


@pytest.fixture
def admin(services: Services) -> Caller:
    return caller_of(services, is_admin=True)


def facts(services: Services, admin: Caller) -> dict[str, SettingFact]:
    return {fact.key: fact for fact in operation.list_settings(admin, services)}


def test_every_setting_is_listed_once_with_its_comment_and_its_variable(services: Services, admin: Caller) -> None:
    listed = operation.list_settings(admin, services)
    by_key = facts(services, admin)
    assert len(listed) == len(by_key) > 90
    assert all(fact.comment for fact in listed)
    assert by_key["server.port"].comment == "Port to listen on."
    assert by_key["crawl.firecrawl.timeout_s"].variable == "CLOISTER_CRAWL__FIRECRAWL__TIMEOUT_S"
    assert by_key["sparse.languages"].value == "en, de, fr, es, it, nl, pt"


ORIGINS = {
    "server.port": ("8000", "8000", "default", ""),
    "server.log_level": ("debug", "info", "profile", "office"),
    "ocr.dpi": ("400", "200", "environment", ""),
    "ocr.languages": ("de", "en, de", "profile", "office"),
    "crawl.outside": ("true", "true", "default", ""),
}


@pytest.mark.parametrize(("key", "expected"), ORIGINS.items(), ids=ORIGINS.keys())
def test_each_says_where_it_comes_from(
    services: Services, admin: Caller, key: str, expected: tuple[str, str, str, str]
) -> None:
    fact = facts(services, admin)[key]
    assert (fact.value, fact.default, fact.origin, fact.profile) == expected
    assert fact.is_default == (fact.origin == "default")


def test_what_the_start_was_given_is_told_apart(services: Services, admin: Caller) -> None:
    fact = facts(services, admin)["data_dir"]
    assert (fact.value, fact.origin) == (str(services.settings.data_dir), "given at the start")


def test_what_was_chosen_in_the_browser_is_told_apart(services: Services, admin: Caller) -> None:
    write_model(services.settings.models_dir / "tiny.gguf")
    services.build_generator = lambda _: ScriptedGenerator()
    models.choose_file("tiny.gguf", 2048, admin, services)
    by_key = facts(services, admin)
    assert by_key["generator.context_tokens"].value == "2048"
    assert {key for key, fact in by_key.items() if fact.origin == operation.CHOSEN} == {
        f"generator.{name}" for name in ("engine", "model", "url", "api_key", "context_tokens", "sees_images")
    }


def test_secrets_are_only_said_to_be_set(services: Services, admin: Caller) -> None:
    by_key = facts(services, admin)
    assert {key for key, fact in by_key.items() if fact.is_secret} == {
        "backup_passphrase",
        "server.secret",
        "server.metrics_token",
        "embedder.api_key",
        "vector_index.api_key",
        "generator.api_key",
        "reranker.api_key",
        "crawl.secret",
        "crawl.firecrawl.api_key",
        "single_sign_on.client_secret",
        "speech.api_key",
        "parse.pdf.passwords",
    }
    assert (by_key["server.secret"].value, by_key["server.secret"].default) == ("set", "not set")
    assert (by_key["parse.pdf.passwords"].value, by_key["crawl.secret"].value) == ("set", "not set")
    shown = str(by_key)
    assert SECRET not in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql+psycopg://cloister:pw@db:5432/cloister", "postgresql+psycopg://cloister:…@db:5432/cloister"),
        ("postgresql://db/cloister?user=me&password=pw", "postgresql://db/cloister?user=me&password=…"),
        ("sqlite:////var/lib/cloister.sqlite", "sqlite:////var/lib/cloister.sqlite"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("http://me@host/v1", "http://me@host/v1"),
        ("postgresql://me:a/b@c:d@db/cloister", "postgresql://me:…@db/cloister"),
        ("no address: at all", "no address: at all"),
    ],
)
def test_passwords_in_addresses_are_not_shown(address: str, shown: str) -> None:
    assert hide_passwords(address) == shown


def test_only_admins_may_read_them(services: Services) -> None:
    with pytest.raises(Forbidden):
        operation.list_settings(caller_of(services, "Ben"), services)
