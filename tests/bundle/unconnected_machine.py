"""A machine without a network that installs a bundle, starts the service and asks: run inside a network namespace.

`python -m tests.bundle.unconnected_machine BUNDLE DEST QUESTION` prints one JSON document of what was seen.
"""

import errno
import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SET_FLAGS = 0x8914  # SIOCSIFFLAGS
UP = 1
OUTSIDE = ("192.0.2.1", 443)
PORT = 8017
PATIENCE_S = 900
PAUSE_S = 0.5


def main() -> None:
    bundle, dest, question = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    bring_loopback_up()
    require_unconnected()
    seen: dict[str, Any] = {}
    started = time.monotonic()
    run(["sh", str(bundle / "install.sh"), str(dest)])
    # It must stand without what it was installed from.
    shutil.rmtree(bundle)
    seen["install_s"] = time.monotonic() - started
    (dest / "settings.env").write_text(f"CLOISTER_SERVER__PORT={PORT}\nCLOISTER_INGEST__SAMPLES=sample_docs\n")
    started = time.monotonic()
    with serving(dest) as service:
        wait_until(service, ready)
        seen["ready_s"] = time.monotonic() - started
        wait_until(service, lambda: samples_are_in(dest))
        seen["samples_s"] = time.monotonic() - started
        seen["answer"] = json.loads(run([str(dest / "cloister"), "ask", question, "--json"]))
        seen["first_answer_s"] = time.monotonic() - started
        seen["documents"] = json.loads(run([str(dest / "cloister"), "documents", "--json"]))
        seen["doctor"] = json.loads(run([str(dest / "cloister"), "doctor", "--json"]))
    json.dump(seen, sys.stdout)


def bring_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sH14s", b"lo", UP, b""))


def require_unconnected() -> None:
    """There is no way to anywhere, or this would prove nothing."""
    with socket.socket() as probe:
        failed = probe.connect_ex(OUTSIDE)
    assert failed == errno.ENETUNREACH, f"this machine is connected: {errno.errorcode.get(failed)}"


def environment() -> dict[str, str]:
    """What a bare machine has: a PATH, and a home with nothing in it. No pip is set up."""
    home = Path("home").absolute()
    home.mkdir(exist_ok=True)
    return {"PATH": os.environ["PATH"], "HOME": str(home), "PIP_CONFIG_FILE": os.devnull, "PYTHON": base_python()}


def base_python() -> str:
    """The Python below the virtual environment of the tests: it has none of Cloister's packages."""
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")


def run(command: list[str]) -> str:
    done = subprocess.run(command, env=environment(), cwd="/", capture_output=True, text=True)
    assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@contextmanager
def serving(dest: Path) -> Iterator[subprocess.Popen[bytes]]:
    with Path("serve.txt").open("wb") as out:
        process = subprocess.Popen([dest / "cloister", "serve"], env=environment(), cwd="/", stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def wait_until(service: subprocess.Popen[bytes], holds: Any) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not holds():
        assert service.poll() is None, Path("serve.txt").read_text()
        assert time.monotonic() < give_up_at, Path("serve.txt").read_text()
        time.sleep(PAUSE_S)


def ready() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz", timeout=10):
            return True
    except OSError:
        return False


def samples_are_in(dest: Path) -> bool:
    """The job that takes them in is over, and took in all of them."""
    jobs = ask_service(dest, "/api/v1/jobs")
    if not jobs or any(job["state"] in ("queued", "running") for job in jobs):
        return False
    assert all(job["state"] == "done" and not job["error"] and not job["failed"] for job in jobs), jobs
    return True


def ask_service(dest: Path, path: str) -> Any:
    token = (dest / "data" / "keys" / "local").read_text()
    asked = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)


if __name__ == "__main__":
    main()
