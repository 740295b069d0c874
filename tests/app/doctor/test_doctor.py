"""The doctor: each thing that is wrong is found and has its advice, also where the service cannot start."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from app.cli.examining import ask_doctor
from app.db.session import Database
from app.doctor import Status, examine, examine_without_service
from app.doctor.database import examine_database
from app.doctor.machine import examine_open_files, examine_permissions, examine_processor
from app.doctor.models import examine_models, suggest
from app.doctor.reach import examine_environment, examine_port, examine_proxy
from app.engines.memory import Machine
from app.errors import EngineUnavailable
from app.services import Services
from app.settings import Settings, load_settings
from tests.gguf_files import write_model

GIB = 1 << 30


def found(services: Services) -> dict[str, Status]:
    return {finding.check: finding.status for finding in examine(services)}


def test_a_machine_that_is_well_has_a_finding_for_each_check_and_none_is_broken(services: Services) -> None:
    findings = found(services)
    assert findings.keys() >= {
        "Embedding model", "Vector index", "Language model", "Database", "Disk", "Permissions", "Processor",
        "Open files", "Models that fit", "OCR", "Port", "Environment", "Connections",
    }  # fmt: skip
    assert Status.BROKEN not in findings.values()


def test_keys_that_others_may_read_are_found_with_the_command_that_closes_them(services: Services) -> None:
    key = services.settings.data_dir / "keys" / "local"
    assert examine_permissions(services.settings).status is Status.OK
    key.chmod(0o644)
    finding = examine_permissions(services.settings)
    assert (finding.status, finding.advice) == (Status.BROKEN, f"Close them: chmod go= {key}")


def test_a_database_that_is_away_is_one_finding_and_the_others_are_made(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.index.get()

    def away(*_: object) -> Any:
        raise OperationalError("select", {}, Exception("the server closed the connection"))

    monkeypatch.setattr(services.database, "read", away)
    findings = found(services)
    assert findings["Database"] is Status.BROKEN
    assert findings["Permissions"] is Status.OK


def test_where_the_service_cannot_start_it_says_why_and_looks_at_the_rest(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Settings) -> Services:
        raise EngineUnavailable("The database does not answer; check that it runs.")

    monkeypatch.setattr("app.bootstrap.open_services", refuse)
    findings = ask_doctor(settings)
    assert findings[0]["check"] == "Service"
    assert "The database does not answer" in findings[0]["detail"]
    assert {finding["check"] for finding in findings} >= {"Disk", "Processor", "OCR", "Port", "Models that fit"}
    assert all(set(finding) == {"check", "status", "detail", "advice"} for finding in findings)


def test_a_port_that_is_taken_is_found(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        server = settings.server.model_copy(update={"port": other.getsockname()[1]})
        finding = examine_port(settings.model_copy(update={"server": server}))
    assert (finding.status, "is in use" in finding.detail) == (Status.NOTE, True)
    assert "server.port" in finding.advice


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ({"public_url": "https://ask.example.com"}, "server.trusted_proxies"),
        ({"public_url": "http://ask.example.com", "trusted_proxies": ["10.0.0.2/32"]}, "Use https"),
        ({"host": "0.0.0.0"}, "proxy with TLS"),
    ],
)
def test_what_is_missing_before_a_proxy_is_said(server: dict[str, Any], words: str) -> None:
    (finding,) = examine_proxy(load_settings({"server": server}))
    assert (finding.status, words in finding.advice) == (Status.NOTE, True)


def test_a_proxy_of_the_environment_is_found(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    finding = examine_environment(settings)
    assert (finding.status, "HTTPS_PROXY" in finding.detail) == (Status.NOTE, True)
    assert "proxy.example" not in finding.detail


@pytest.mark.parametrize(
    ("ram", "words"),
    [
        (8 * GIB, "a Q4_K_M of about 8 billion"),
        (64 * GIB, "a Q4_K_M of about 70 billion"),
        (1 * GIB, "No usual model fits"),
    ],
)
def test_it_says_which_quantization_the_memory_carries(ram: int, words: str) -> None:
    assert words in suggest(Machine(total=ram, available=ram))


def test_models_that_are_there_are_told_with_whether_they_fit(settings: Settings) -> None:
    settings.models_dir.mkdir(parents=True)
    write_model(settings.models_dir / "small.gguf")
    finding = examine_models(settings)
    assert f"of the models in {settings.models_dir} fit: small.gguf" in finding.detail


def test_the_processor_and_the_limit_of_files_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("flags\t\t: fpu sse2\n")
    monkeypatch.setattr("app.doctor.machine.CPUINFO", tmp_path / "cpuinfo")
    assert examine_processor().status is Status.NOTE
    (tmp_path / "cpuinfo").write_text("flags\t\t: fpu avx2 avx512f amx_bf16\n")
    assert examine_processor().detail == "computes in bf16 by AMX"
    monkeypatch.setattr("app.doctor.machine.resource.getrlimit", lambda _: (1024, 4096))
    assert "1,024" in examine_open_files().detail


def test_a_disk_below_its_limit_is_broken(services: Services) -> None:
    limits = services.settings.limits.model_copy(update={"min_free_mb": 1 << 40})
    settings = services.settings.model_copy(update={"limits": limits})
    disk = next(each for each in examine_without_service(settings, EngineUnavailable("x")) if each.check == "Disk")
    assert (disk.status, "limits.min_free_mb" in disk.detail) == (Status.BROKEN, True)


@pytest.mark.parametrize(("skew_s", "status"), [(0.2, Status.OK), (90.0, Status.NOTE)])
def test_a_clock_of_the_database_that_goes_differently_is_found(
    services: Services, monkeypatch: pytest.MonkeyPatch, skew_s: float, status: Status
) -> None:
    from app.db.server_facts import ServerFacts

    ask: Callable[[Database], ServerFacts] = lambda _: ServerFacts("postgresql", "16.2 (Debian)", "UTC", skew_s)  # noqa: E731
    monkeypatch.setattr("app.doctor.database.ask_server", ask)
    (finding,) = examine_database(services)
    assert finding.status is status
