"""Without a network everything works, nobody else is asked, and the answers are the same."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.settings import LOOPBACK, PROJECT_DIR
from tests.ingest.offline_journey import SEPARATOR

# A network namespace of its own, with nothing in it but a loopback device.
ALONE = ["unshare", "--user", "--map-root-user", "--net"]
DOCUMENTS = [PROJECT_DIR / "sample_docs" / name for name in ("security-policy.md", "scanned-notice.pdf")]
ADDRESS = re.compile(r'sa_family=AF_INET6?\b.*?(?:inet_addr|inet_pton)\((?:AF_INET6, )?"([^"]+)"')


@pytest.fixture
def alone() -> list[str]:
    if not shutil.which("unshare") or subprocess.run([*ALONE, "true"], capture_output=True).returncode:
        pytest.skip("NOT TESTED WITHOUT A NETWORK: this machine lets nobody make a network namespace")
    return ALONE


def journey(prefix: list[str], folder: Path) -> subprocess.Popen[str]:
    """The journey under way, in a data folder of its own."""
    folder.mkdir()
    command = [sys.executable, "-m", "tests.ingest.offline_journey", str(folder / "hosts"), *map(str, DOCUMENTS)]
    environment = {**os.environ, "CLOISTER_DATA_DIR": str(folder / "data")}
    pipe = subprocess.PIPE
    return subprocess.Popen([*prefix, *command], cwd=PROJECT_DIR, env=environment, stdout=pipe, stderr=pipe, text=True)


def documents_of(process: subprocess.Popen[str]) -> list[Any]:
    out, errors = process.communicate()
    assert process.returncode == 0, errors
    return [json.loads(part) for part in out.split(SEPARATOR)[:-1]]


def told(documents: list[Any]) -> tuple[Any, ...]:
    """What a person is told, without ids and times."""
    ingested, searched, asked = documents
    return (
        [(each["source"], each["status"], each["chunks"]) for each in ingested["outcomes"]],
        [(each["document"], each["start_char"], each["text"]) for each in searched["passages"]],
        asked["answer"],
        [(each["n"], each["document"], each["quote"]) for each in asked["citations"]],
    )


def addresses_in(trace: Path) -> set[str]:
    """Every address that a process or its native threads sent something to or tried to reach."""
    return set(ADDRESS.findall(trace.read_text(errors="replace")))


def test_the_journey_is_the_same_without_a_network_and_asks_nobody(alone: list[str], tmp_path: Path) -> None:
    running = [journey(alone, tmp_path / "alone"), journey([], tmp_path / "connected")]
    without, connected = (documents_of(process) for process in running)
    assert without[2]["answer"]
    assert {outcome["status"] for outcome in without[0]["outcomes"]} == {"indexed"}
    assert told(without) == told(connected)
    for folder in ("alone", "connected"):
        hosts = set((tmp_path / folder / "hosts").read_text().split())
        assert hosts <= LOOPBACK, f"{folder}: {hosts - LOOPBACK} was contacted or looked up"


@pytest.fixture
def trace(tmp_path: Path) -> tuple[list[str], Path]:
    """A prefix that writes down what the kernel is asked to contact, native code included, and where it does."""
    if not shutil.which("strace"):
        pytest.skip("NATIVE CODE NOT WATCHED: strace is not installed (configs/apt-packages.txt)")
    file = tmp_path / "trace"
    return [
        "strace",
        "-f",
        "-qq",
        "--seccomp-bpf",
        "-e",
        "trace=connect,sendto,sendmsg,sendmmsg",
        "-o",
        str(file),
    ], file


def test_native_code_asks_nobody_either(trace: tuple[list[str], Path], tmp_path: Path) -> None:
    prefix, file = trace
    documents_of(journey(prefix, tmp_path / "watched"))
    assert addresses_in(file) <= LOOPBACK


def test_a_look_up_by_native_code_would_be_seen(trace: tuple[list[str], Path]) -> None:
    prefix, file = trace
    reach_out = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 53))"
    subprocess.run([*prefix, sys.executable, "-c", reach_out], check=False, capture_output=True)
    assert addresses_in(file) == {"192.0.2.1"}
