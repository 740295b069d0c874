"""Settings: which layer wins, what is refused, and in which words."""

import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from app.cli import cli
from app.errors import SettingsError
from app.settings import CONFIGS_DIR, PROJECT_DIR, Section, Settings, load_settings
from app.settings import load as settings_module
from app.settings.tree import find_project_dir

DEFAULTS = CONFIGS_DIR / "default.yaml"
SECRET = "0123456789abcdef" * 2
A_SETTING = re.compile(r"\s*\w+: ")
A_COMMENT = re.compile(r"\s*# ")


@pytest.fixture
def configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of our own that holds the shipped defaults."""
    shutil.copy(DEFAULTS, tmp_path)
    monkeypatch.setattr(settings_module, "CONFIGS_DIR", tmp_path)
    return tmp_path


def set_profiles(patch: pytest.MonkeyPatch, names: str) -> None:
    patch.setenv("CLOISTER_PROFILE", names)


# --- the file of defaults -----------------------------------------------------------------------


def test_every_setting_has_a_comment_of_its_own() -> None:
    lines = DEFAULTS.read_text().splitlines()
    pairs = pairwise(lines)
    assert [line for above, line in pairs if A_SETTING.match(line) and not A_COMMENT.match(above)] == []


def test_the_defaults_name_every_setting_and_no_other() -> None:
    assert _keys(yaml.safe_load(DEFAULTS.read_text())) == _fields(Settings)


@pytest.mark.parametrize("profile", ["", "airgap", "airgap,airgap"])
def test_the_shipped_profiles_for_one_machine_listen_on_loopback(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_profiles(monkeypatch, profile)
    settings = load_settings()
    assert not settings.server.is_public
    assert (settings.embedder.engine, settings.vector_index.engine) == ("sentence_transformers", "edge")
    assert settings.generator.engine == "llamacpp"


def test_the_shipped_server_profile_loads_once_there_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    set_profiles(monkeypatch, "server")
    with pytest.raises(SettingsError, match="placeholder"):
        load_settings()
    monkeypatch.setenv("CLOISTER_SERVER__SECRET", SECRET)
    settings = load_settings()
    assert settings.server.is_public
    assert (settings.vector_index.engine, settings.generator.engine) == ("server", "openai")
    assert settings.database.url.startswith("postgresql+psycopg://")


# --- layers -------------------------------------------------------------------------------------


def test_a_profile_wins_over_the_defaults_and_the_environment_over_both(
    configs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (configs / "office.yaml").write_text("server: {port: 1111}\nocr: {dpi: 300}\n")
    set_profiles(monkeypatch, "office")
    monkeypatch.setenv("CLOISTER_SERVER__PORT", "2222")
    settings = load_settings()
    assert (settings.server.port, settings.ocr.dpi, settings.server.host) == (2222, 300, "127.0.0.1")


def test_of_several_profiles_the_later_one_wins(configs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (configs / "one.yaml").write_text("server: {port: 1111, log_level: debug}\n")
    (configs / "two.yaml").write_text("server: {port: 2222}\n")
    set_profiles(monkeypatch, "one, two")
    settings = load_settings()
    assert (settings.server.port, settings.server.log_level) == (2222, "debug")


def test_the_data_folder_can_be_moved_and_starts_at_the_project(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert load_settings().data_dir == PROJECT_DIR / "data"
    monkeypatch.setenv("CLOISTER_DATA_DIR", str(tmp_path))
    assert load_settings().data_dir == tmp_path


def test_a_checkout_is_its_own_project_and_an_installed_cloister_has_one_beside_its_environment(tmp_path: Path) -> None:
    environment = tmp_path / "release" / ".venv"
    packages = environment / "lib" / "python3.11" / "site-packages"
    assert find_project_dir(PROJECT_DIR, environment) == PROJECT_DIR
    assert find_project_dir(packages, environment) == tmp_path / "release"


def test_the_tree_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().server.port = 1  # type: ignore[misc]


# --- refusals -----------------------------------------------------------------------------------

REFUSED = {
    "an unknown variable": ({"CLOISTER_PROT": "1"}, "CLOISTER_PROT is no setting"),
    "an unknown variable in a section": ({"CLOISTER_SERVER__PROT": "1"}, "server.prot"),
    "an unknown section": ({"CLOISTER_SERVICE__PORT": "1"}, "CLOISTER_SERVICE__PORT is no setting"),
    "a missing profile": ({"CLOISTER_PROFILE": "airgap,moon"}, "no profile “moon”"),
    "a value of the wrong kind": ({"CLOISTER_SERVER__PORT": "many"}, "server.port"),
    "a value out of range": ({"CLOISTER_SERVER__PORT": "70000"}, "server.port"),
    "an unknown engine": ({"CLOISTER_GENERATOR__ENGINE": "abacus"}, "generator.engine"),
    "a placeholder secret on a public address": (
        {"CLOISTER_SERVER__HOST": "0.0.0.0", "CLOISTER_SERVER__SECRET": "change-me"},
        "CLOISTER_SERVER__SECRET",
    ),
    "a short secret on a public address": (
        {"CLOISTER_SERVER__HOST": "::", "CLOISTER_SERVER__SECRET": "x" * 31},
        "CLOISTER_SERVER__SECRET",
    ),
    "an embeddings endpoint without an address": ({"CLOISTER_EMBEDDER__ENGINE": "openai"}, "embedder.url"),
    "an index server without an address": ({"CLOISTER_VECTOR_INDEX__ENGINE": "server"}, "vector_index.url"),
    "a chat endpoint without an address": ({"CLOISTER_GENERATOR__ENGINE": "openai"}, "generator.url"),
    "an overlap beyond half of the chunk": ({"CLOISTER_CHUNKING__OVERLAP": "101"}, "chunking.overlap"),
}


@pytest.mark.parametrize(("environment", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_is_one_sentence_and_stops_the_start(
    environment: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    outcome = CliRunner().invoke(cli, ["serve"])
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert words in outcome.stderr
    assert re.fullmatch(r"[^\n]+\.\n", outcome.stderr)


@pytest.mark.parametrize("layer", ["prot: 1", "server: {prot: 1}"])
def test_an_unknown_key_in_a_file_is_refused(layer: str, configs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (configs / "office.yaml").write_text(layer)
    set_profiles(monkeypatch, "office")
    with pytest.raises(SettingsError, match=r"There is no setting “(server\.)?prot”; see configs/default\.yaml"):
        load_settings()


def test_a_missing_setting_is_named(configs: Path) -> None:
    defaults = configs / "default.yaml"
    defaults.write_text(defaults.read_text().replace("  dpi: 200\n", ""))
    with pytest.raises(SettingsError, match=r"“ocr\.dpi” is missing"):
        load_settings()


def test_a_project_without_settings_is_told_where_they_belong(configs: Path) -> None:
    (configs / "default.yaml").unlink()
    with pytest.raises(SettingsError, match=re.escape(f"There is no default.yaml in {configs}")):
        load_settings()


def test_a_file_that_is_no_yaml_is_refused(configs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (configs / "office.yaml").write_text("server: [")
    set_profiles(monkeypatch, "office")
    with pytest.raises(SettingsError, match="office"):
        load_settings()


def test_a_refusal_does_not_repeat_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOISTER_SERVER__HOST", "0.0.0.0")
    monkeypatch.setenv("CLOISTER_SERVER__SECRET", "hunter2-but-longer")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_placeholder_secret_is_accepted_on_loopback(host: str) -> None:
    assert load_settings({"server": {"host": host, "secret": "change-me"}}).server.host == host


@pytest.mark.parametrize("secret", ["", SECRET])
def test_no_secret_or_a_real_one_is_accepted_on_a_public_address(secret: str) -> None:
    assert load_settings({"server": {"host": "0.0.0.0", "secret": secret}}).server.is_public


def test_the_real_command_refuses_in_the_same_way() -> None:
    command = [Path(sys.executable).with_name("cloister"), "serve"]
    outcome = subprocess.run(command, env={"CLOISTER_PROT": "1"}, capture_output=True, text=True)
    assert outcome.returncode == 2
    assert outcome.stderr == "The environment variable CLOISTER_PROT is no setting; see configs/default.yaml.\n"


def _keys(tree: dict[str, object]) -> set[str]:
    """Dotted paths of a tree's leaves."""
    nested = {k: _keys(v) if isinstance(v, dict) and v else {""} for k, v in tree.items()}
    return {f"{key}.{rest}".rstrip(".") for key, below in nested.items() for rest in below}


def _fields(model: type[Settings] | type[Section]) -> set[str]:
    """Dotted paths of a model's fields."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        is_section = isinstance(kind, type) and issubclass(kind, Section)
        found |= {f"{name}.{rest}" for rest in _fields(kind)} if is_section else {name}  # type: ignore[arg-type]
    return found
