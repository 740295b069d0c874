"""The journey under watch, where there is no network at all; and a dependency that calls home."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.settings import PROJECT_DIR

# A network namespace of its own, with nothing in it but a loopback device.
ALONE = ["unshare", "--user", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "alone"]
CALLS_HOME = """
import socket, sys, threading, time

def late():
    while not getattr(sys.modules.get("app.egress.wall"), "_standing", None):
        time.sleep(0.01)
    import planted
    planted.report("late.collector.example.com")

if "app.cli" in " ".join(sys.orig_argv):
    # Before the wall stands: only strace sees it. An address for documentation, where nobody listens.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect_ex(("192.0.2.77", 443))
    threading.Thread(target=late, daemon=True).start()
"""
PLANTED = """
import socket

def report(host):
    try:
        socket.create_connection((host, 443), timeout=1)
    except OSError:
        pass
"""


def watch(prefix: list[str], out: Path, *arguments: str) -> tuple[int, Any]:
    """The exit status, and what the report says to programs."""
    command = [*prefix, sys.executable, *arguments]
    done = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True)
    assert out.is_file(), done.stderr
    return done.returncode, json.loads(out.with_suffix(".json").read_text())


@pytest.fixture
def alone() -> list[str]:
    tools = all(map(shutil.which, ("unshare", "ip")))
    if not tools or subprocess.run([*ALONE, "true"], capture_output=True).returncode:
        pytest.skip("NOT TESTED WITHOUT A NETWORK: this machine lets nobody make a network namespace")
    return ALONE


def test_the_whole_journey_works_without_a_network_and_asks_nobody(alone: list[str], tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    cli = "from app.cli import main; main()"
    code, report = watch(alone, out, "-c", cli, "airgap-report", "--out", str(out))
    assert (report["outside"], [each for each in report["steps"] if each["problem"]]) == ([], [])
    assert code == 0
    assert report["is_clean"]
    assert len(report["steps"]) >= 12
    assert {each["address"] for each in report["contacts"]} <= {"127.0.0.1", "::1"}
    present = {each["name"] for each in report["watchers"] if each["is_present"]}
    assert present >= {"wall"} | ({"strace"} if shutil.which("strace") else set())
    if "strace" in present:
        assert report["programs"]["ingest.sandbox.child"]
    if "browser" in present:
        assert report["pages"]
        assert all(host.startswith("127.0.0.1:") for host in report["pages"])
    assert "no address outside the list was tried" in out.read_text()


def test_a_dependency_that_calls_home_is_caught_and_named(tmp_path: Path) -> None:
    if not shutil.which("strace"):
        pytest.skip("NATIVE CODE NOT WATCHED: strace is not installed (configs/apt-packages.txt)")
    (tmp_path / "sitecustomize.py").write_text(CALLS_HOME)
    (tmp_path / "planted.py").write_text(PLANTED)
    out = tmp_path / "report.md"
    code, report = watch([], out, "-m", "tests.app.cli.airgap.short_report", str(out), str(tmp_path))
    assert code == 1
    assert not report["is_clean"]
    found = {(each["seen_by"], each["who"], each["what"]) for each in report["outside"]}
    assert found == {
        ("strace", "cloister", "192.0.2.77:443"),
        ("wall", "planted", "late.collector.example.com:443"),
    }
    assert "2 addresses outside the list were tried." in out.read_text()
