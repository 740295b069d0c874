"""The compose files: valid, whole in every profile, closed, quiet, without secrets, and shut under the overlay."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.cli import cli
from app.settings import load_settings
from tests.deploy.compose import (
    AIRGAP,
    BASE,
    PROJECT,
    Model,
    environment,
    model,
    networks_of,
    read,
    variables_of,
    without_resets,
)

ALL = ["default", "gpu", "embedded", "workers", "tls", "crawl", "web", "voice"]
SETS = [
    ["embedded"],
    ["embedded", "tls", "web"],
    ["default"],
    ["gpu"],
    ["default", "workers", "tls"],
    ["default", "workers", "tls", "crawl", "web", "voice"],
    ["gpu", "workers", "tls", "crawl", "web", "voice"],
]
OVERLAYS = [(), (AIRGAP,)]
EXACT = re.compile(r"^[a-z0-9./-]+(:v?\d+(\.\d+)+[\w.-]*|:server-b\d+|@sha256:[0-9a-f]{64})(@sha256:[0-9a-f]{64})?$")
# How each program is kept from reporting. An image that is not named here has not been looked at.
QUIET: dict[str, dict[str, str]] = {
    "cloister": {},  # app/egress/silence.py
    "postgres": {},  # has none
    "qdrant/qdrant": {"QDRANT__TELEMETRY_DISABLED": "true"},
    "ghcr.io/ggml-org/llama.cpp": {"HF_HUB_OFFLINE": "1"},  # has none, and --offline fetches no models
    "vllm/vllm-openai": {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1"},
    "nginxinc/nginx-unprivileged": {},  # has none
    "ghcr.io/searxng/searxng": {},  # configs/searxng/settings.yml
    "ghcr.io/remsky/kokoro-fastapi-cpu": {"HF_HUB_OFFLINE": "1", "DOWNLOAD_MODEL": "false"},
    "ghcr.io/firecrawl/firecrawl": {"DO_NOT_TRACK": "1"},  # reports with keys only, and gets none
    "ghcr.io/firecrawl/playwright-service": {},  # has none
    "ghcr.io/firecrawl/nuq-postgres": {},  # has none
    "redis": {},  # has none
    "rabbitmq": {},  # has none
}
# They write beside their programs. Docs say so (docs/deployment.md).
NOT_READ_ONLY = {"vllm", "speech", "firecrawl", "firecrawl-playwright", "firecrawl-rabbitmq", "firecrawl-postgres"}
SECRET_NAME = re.compile(r"(^|_)(PASSWORD|SECRET|KEY|TOKEN)$")
# Those of `cloister worker`.
WORKERS_OWN = ("CLOISTER_WORKER__", "CLOISTER_INGEST__WORKS")


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that scripts/make-secrets.sh makes."""
    place = tmp_path_factory.mktemp("project")
    (place / "scripts").mkdir()
    script = shutil.copy(PROJECT / "scripts" / "make-secrets.sh", place / "scripts")
    subprocess.run([script, "ask.example.com"], check=True, capture_output=True)
    return place / "secrets"


def every_service() -> dict[str, Model]:
    return dict(model(ALL)["services"])


def schema() -> Draft202012Validator:
    return Draft202012Validator(
        json.loads((PROJECT / "tests" / "deploy" / "schemas" / "compose-spec.json").read_text())
    )


@pytest.mark.parametrize("file", [BASE, AIRGAP], ids=lambda file: str(file.name))
def test_each_file_is_valid_by_the_schema_of_the_compose_specification(file: Path) -> None:
    assert [error.message for error in schema().iter_errors(without_resets(read(file)))] == []


def test_the_schema_refuses_what_is_no_compose_file() -> None:
    broken = read(BASE)
    broken["services"]["cloister"]["memory"] = "1g"
    assert [error.message for error in schema().iter_errors(broken)] != []


@pytest.mark.parametrize("overlays", OVERLAYS, ids=["", "airgap"])
@pytest.mark.parametrize("profiles", SETS, ids=",".join)
def test_every_set_of_profiles_is_whole(profiles: list[str], overlays: tuple[Path, ...]) -> None:
    merged = model(profiles, *overlays)
    services: dict[str, Model] = merged["services"]
    assert [error.message for error in schema().iter_errors(merged)] == []
    for service in services.values():
        needed = {name for name, each in service.get("depends_on", {}).items() if each.get("required", True)}
        assert needed <= services.keys()
        assert networks_of(service) <= merged["networks"].keys()
        assert {_secret(each) for each in service.get("secrets", ())} <= merged["secrets"].keys()
        for source in (volume.split(":")[0] for volume in service.get("volumes", ())):
            assert (PROJECT / source).exists() if source.startswith(".") else source in merged["volumes"]


@pytest.mark.parametrize("profiles", SETS, ids=",".join)
def test_no_two_containers_want_the_same_port_of_the_machine(profiles: list[str]) -> None:
    ports = [port.rsplit(":", 1)[0] for each in model(profiles)["services"].values() for port in each.get("ports", ())]
    assert len(ports) == len(set(ports))


def test_as_shipped_one_container_starts_and_needs_no_secret() -> None:
    shipped = re.search(r"^COMPOSE_PROFILES=(.*)$", (PROJECT / ".env").read_text(), re.MULTILINE)
    assert shipped
    services = model(shipped[1].split(","))["services"]
    assert list(services) == ["cloister"]
    assert "secrets" not in services["cloister"]


def test_on_servers_every_address_that_cloister_is_given_is_a_container_that_it_can_reach() -> None:
    for profiles in SETS[2:]:
        services = model(profiles)["services"]
        for name in ("postgres", "qdrant"):
            assert networks_of(services[name]) & networks_of(services["server"])
        answering = [each for each in services.values() if "llm" in _aliases(each)]
        assert len(answering) == 1, "one language model, by the same name whichever it is"


def test_every_image_has_an_exact_tag() -> None:
    assert {name for name, service in every_service().items() if not EXACT.match(service["image"])} == set()


@pytest.mark.parametrize("image", ["redis", "redis:latest", "redis:7", "redis:alpine", "a/b@sha256:abc"])
def test_a_tag_that_moves_is_no_exact_tag(image: str) -> None:
    assert not EXACT.match(image)


def test_what_reports_by_itself_is_told_not_to() -> None:
    for name, service in every_service().items():
        repository = re.split(r"[:@]", service["image"])[0]
        assert QUIET[repository].items() <= environment(service).items(), name
    assert "--offline" in every_service()["llm"]["command"]


def test_every_container_is_closed_and_bounded() -> None:
    for name, service in every_service().items():
        assert service["cap_drop"] == ["ALL"], name
        assert "cap_add" not in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is (name not in NOT_READ_ONLY), name
        assert service["mem_limit"], name
        assert service["cpus"], name
        assert service["pids_limit"], name
        assert service["logging"]["options"]["max-size"], name
        assert "privileged" not in service, name
        assert not any("docker.sock" in volume for volume in service.get("volumes", ())), name


def test_every_secret_is_a_file_that_the_script_makes(secrets: Path) -> None:
    for name, secret in read(BASE)["secrets"].items():
        assert list(secret) == ["file"], name
        assert (secrets / Path(secret["file"]).name).read_text().strip(), name


def test_the_script_leaves_secrets_alone_that_are_there_and_closes_their_folder(secrets: Path) -> None:
    before = {file.name: file.read_bytes() for file in secrets.iterdir()}
    subprocess.run([secrets.parent / "scripts" / "make-secrets.sh"], check=True, capture_output=True)
    assert {file.name: file.read_bytes() for file in secrets.iterdir()} == before
    assert secrets.stat().st_mode & 0o777 == 0o700


def test_no_variable_holds_a_secret_and_every_secret_that_is_given_is_used() -> None:
    for name, service in every_service().items():
        assert [variable for variable in environment(service) if SECRET_NAME.search(variable)] == [], name
        said = json.dumps([environment(service), service.get("command")])
        for secret in service.get("secrets", ()):
            is_put_where_it_is_read = isinstance(secret, dict) or name == "proxy"
            assert is_put_where_it_is_read or f"/run/secrets/{_secret(secret)}" in said, (name, secret)
    proxied = (PROJECT / "configs" / "proxy" / "nginx.conf").read_text()
    assert {f"/run/secrets/{each}" for each in every_service()["proxy"]["secrets"]} <= set(
        re.findall(r"/run\S+?(?=;)", proxied)
    )


def test_secrets_are_neither_kept_in_git_nor_sent_to_the_engine() -> None:
    assert "/secrets/" in (PROJECT / ".gitignore").read_text().splitlines()
    assert (PROJECT / ".dockerignore").read_text().splitlines()[1] == "*"


@pytest.mark.parametrize("name", ["cloister", "server"])
@pytest.mark.parametrize("overlays", OVERLAYS, ids=["", "airgap"])
def test_cloister_starts_with_the_settings_that_it_is_given(
    name: str, overlays: tuple[Path, ...], secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged = model(ALL, *overlays)
    for variable, value in environment(merged["services"][name]).items():
        if not variable.startswith(WORKERS_OWN):
            monkeypatch.setenv(variable, value.replace("/run/secrets", str(secrets)))
    monkeypatch.setenv("CLOISTER_SERVER__HOST", "0.0.0.0")
    settings = load_settings()
    proxy = merged["services"]["proxy"]["networks"]["edge"]["ipv4_address"]
    assert settings.server.trusted_proxies == (f"{proxy}/32",)
    assert (settings.vector_index.engine == "server") == (name == "server")
    assert (settings.egress.enforce, settings.crawl.outside) == ((True, False) if overlays else (False, True))
    if name == "server":
        assert (secrets / "postgres_password").read_text().strip() in settings.database.url
        assert settings.generator.url == "http://llm:8000/v1"
        assert settings.vector_index.api_key.get_secret_value() in (secrets / "qdrant_settings.yaml").read_text()


def test_the_worker_starts_with_the_settings_that_it_is_given(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not any(command.callback and command.callback.__name__ == "worker" for command in cli.registered_commands):
        pytest.skip("THE WORKER'S SETTINGS ARE NOT CHECKED: there is no command of that name yet")
    services = every_service()
    for variable, value in (environment(services["server"]) | environment(services["worker"])).items():
        monkeypatch.setenv(variable, value.replace("/run/secrets", str(secrets)))
    monkeypatch.setenv("CLOISTER_SERVER__HOST", "0.0.0.0")
    assert load_settings().server.is_public


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"WEB_SEARCH": "searxng"}, ("web_search", "engine", "searxng")),
        ({"SPEECH": "openai"}, ("speech", "engine", "openai")),
        ({"FIRECRAWL_URL": "http://firecrawl:3002"}, ("crawl", "outside", True)),
    ],
)
def test_what_env_offers_for_a_profile_is_taken(
    variables: dict[str, str], said: tuple[str, str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in environment(model(["embedded"], variables=variables)["services"]["cloister"]).items():
        monkeypatch.setenv(variable, value)
    section, key, value = said
    settings = load_settings()
    assert getattr(getattr(settings, section), key) == value
    if "FIRECRAWL_URL" in variables:
        assert settings.crawl.firecrawl.url == variables["FIRECRAWL_URL"]


def test_the_file_env_names_every_variable_and_no_other() -> None:
    named = set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", (PROJECT / ".env").read_text(), re.MULTILINE))
    taken_as_they_are = {name for service in every_service().values() for name in _passed_through(service)}
    used = variables_of(BASE) | variables_of(AIRGAP) | taken_as_they_are
    assert named - {"COMPOSE_PROFILES", "COMPOSE_FILE"} == used


@pytest.mark.parametrize("profiles", SETS, ids=",".join)
def test_under_the_overlay_only_the_proxy_is_reached_and_nothing_reaches_out(profiles: list[str]) -> None:
    merged = model(profiles, AIRGAP)
    services: dict[str, Model] = merged["services"]
    assert [name for name, service in services.items() if service.get("ports")] == ["proxy"]
    open_networks = {name for name, network in merged["networks"].items() if not network.get("internal")}
    assert open_networks == {"front"}
    assert [name for name, service in services.items() if networks_of(service) & open_networks] == ["proxy"]
    assert merged["networks"]["front"]["driver_opts"] == {"com.docker.network.bridge.enable_ip_masquerade": "false"}
    assert not any(service.get("network_mode") not in (None, "none") for service in services.values())
    assert not any(service.get("extra_hosts") for service in services.values())


def test_stores_and_models_have_no_way_out_even_without_the_overlay() -> None:
    merged = model(ALL)
    for name in ("postgres", "qdrant", "llm", "vllm", "speech", "firecrawl-postgres", "firecrawl-redis"):
        assert all(merged["networks"][each].get("internal") for each in networks_of(merged["services"][name])), name


def test_without_the_proxy_only_this_machine_reaches_cloister() -> None:
    published = {name: service.get("ports", []) for name, service in every_service().items() if name != "proxy"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def _secret(granted: Any) -> str:
    return str(granted["source"] if isinstance(granted, dict) else granted)


def _aliases(service: Model) -> set[str]:
    networks = service.get("networks", {})
    return (
        {alias for each in networks.values() for alias in each.get("aliases", ())}
        if isinstance(networks, dict)
        else set()
    )


def _passed_through(service: Model) -> set[str]:
    return {name for name, value in service.get("environment", {}).items() if value is None}
