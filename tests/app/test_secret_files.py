"""Settings whose values lie in files of their own."""

from pathlib import Path

import pytest

from app.errors import SettingsError
from app.settings import load_settings

LONG = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "server_secret"
    file.write_text(f"{LONG}\n")
    return file


def test_a_variable_that_ends_in_file_gives_what_the_file_holds(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOISTER_SERVER__SECRET_FILE", str(secret))
    assert load_settings().server.secret.get_secret_value() == LONG


def test_a_setting_two_levels_down_and_one_that_is_no_secret_can_lie_in_files_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("fc-key")
    (tmp_path / "url").write_text("postgresql+psycopg://cloister:pass@postgres:5432/cloister\r\n")
    monkeypatch.setenv("CLOISTER_CRAWL__FIRECRAWL__API_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("CLOISTER_DATABASE__URL_FILE", str(tmp_path / "url"))
    settings = load_settings()
    assert settings.crawl.firecrawl.api_key.get_secret_value() == "fc-key"
    assert settings.database.url == "postgresql+psycopg://cloister:pass@postgres:5432/cloister"


def test_a_weak_secret_in_a_file_stops_the_start_as_well(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret.write_text("change-me")
    monkeypatch.setenv("CLOISTER_SERVER__HOST", "0.0.0.0")
    monkeypatch.setenv("CLOISTER_SERVER__SECRET_FILE", str(secret))
    with pytest.raises(SettingsError, match="placeholder"):
        load_settings()


def test_a_file_that_cannot_be_read_stops_the_start_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOISTER_SERVER__SECRET_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match=r"SERVER__SECRET_FILE names .*nowhere.*No such file.*let the user"):
        load_settings()


@pytest.mark.parametrize(("content", "said"), [(b"", "is empty"), (b"\n", "is empty"), (b"\xff\xfe", "is no text")])
def test_a_file_without_a_value_stops_the_start(
    content: bytes, said: str, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret.write_bytes(content)
    monkeypatch.setenv("CLOISTER_SERVER__SECRET_FILE", str(secret))
    with pytest.raises(SettingsError, match=said):
        load_settings()


def test_a_value_and_a_file_for_the_same_setting_stop_the_start(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOISTER_SERVER__SECRET_FILE", str(secret))
    monkeypatch.setenv("CLOISTER_SERVER__SECRET", LONG)
    with pytest.raises(SettingsError, match=r"Both CLOISTER_SERVER__SECRET and .*_FILE are set"):
        load_settings()


@pytest.mark.parametrize("variable", ["CLOISTER_SERVER__SECRT_FILE", "CLOISTER_SERVER_FILE", "CLOISTER_SERVER__FILE"])
def test_a_file_for_what_is_no_setting_stops_the_start(
    variable: str, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(secret))
    with pytest.raises(SettingsError, match="no setting"):
        load_settings()


def test_a_file_is_not_told_what_it_holds_when_it_is_refused(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret.write_text("hunter2-hunter2")
    monkeypatch.setenv("CLOISTER_DATABASE__URL", "sqlite://")
    monkeypatch.setenv("CLOISTER_PEOPLE__LOCK_MINUTES_FILE", str(secret))
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert "hunter2" not in str(refused.value)
