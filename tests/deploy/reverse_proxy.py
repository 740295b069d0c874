"""nginx with the configuration that ships, at addresses of a test."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.compose import PROJECT
from tests.running_service import free_port

PATIENCE_S = 30
CONFIGURATION = PROJECT / "configs" / "proxy" / "nginx.conf"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running one: where people open it, and where they come by plain HTTP."""

    url: str
    plain_url: str


def require_nginx() -> None:
    """Skip, loudly, where there is none."""
    if not shutil.which("nginx") or not shutil.which("openssl"):
        pytest.skip("NO NGINX: the reverse proxy is not tried (nginx-light in configs/apt-packages.txt, openssl)")


def write_configuration(folder: Path, upstreams: Sequence[int], port: int, plain_port: int) -> Path:
    """The shipped configuration with other addresses, and without what older versions of nginx do not know."""
    _make_certificate(folder)
    text = CONFIGURATION.read_text()
    servers = " ".join(f"server 127.0.0.1:{each};" for each in upstreams)
    for shipped, here in {
        "pid /tmp/nginx.pid;": f"pid {folder}/nginx.pid; user root; daemon off;",
        "error_log /dev/stderr": f"error_log {folder}/error.log",
        "_temp_path /tmp/": f"_temp_path {folder}/",
        "  resolver 127.0.0.11 valid=10s ipv6=off;\n": "",
        "server web:8000 resolve max_fails=0;": servers,
        "listen 8080;": f"listen 127.0.0.1:{plain_port};",
        "listen 127.0.0.1:8081;": f"listen 127.0.0.1:{free_port()};",
        "listen 8443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/run/secrets/tls_certificate": f"{folder}/certificate.pem",
        "/run/secrets/tls_key": f"{folder}/key.pem",
    }.items():
        assert shipped in text, f"configs/proxy/nginx.conf has changed: {shipped}"
        text = text.replace(shipped, here)
    (folder / "nginx.conf").write_text(text)
    return folder / "nginx.conf"


@contextmanager
def proxying(folder: Path, *upstreams: int, port: int | None = None) -> Iterator[Proxy]:
    """nginx in front of these loopback ports, from its start to its end."""
    require_nginx()
    port, plain_port = port or free_port(), free_port()
    configuration = write_configuration(folder, upstreams, port, plain_port)
    with _running(["nginx", "-c", str(configuration), "-e", str(folder / "error.log")], port, folder):
        yield Proxy(f"https://127.0.0.1:{port}", f"http://127.0.0.1:{plain_port}")


@contextmanager
def proxying_with_caddy(folder: Path, *upstreams: int) -> Iterator[str]:
    """The same by Caddy, with its example. Returns the address."""
    _make_certificate(folder)
    port, text = free_port(), (PROJECT / "configs" / "proxy" / "Caddyfile").read_text()
    for shipped, here in {
        "ask.example.com {": f"https://127.0.0.1:{port} {{",
        "/etc/cloister/tls_certificate.pem": f"{folder}/certificate.pem",
        "/etc/cloister/tls_key.pem": f"{folder}/key.pem",
        "reverse_proxy 127.0.0.1:8000": f"reverse_proxy {' '.join(f'127.0.0.1:{each}' for each in upstreams)}",
    }.items():
        assert shipped in text, f"configs/proxy/Caddyfile has changed: {shipped}"
        text = text.replace(shipped, here)
    (folder / "Caddyfile").write_text(text)
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    with _running(command, port, folder):
        yield f"https://127.0.0.1:{port}"


@contextmanager
def _running(command: Sequence[str], port: int, folder: Path) -> Iterator[None]:
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "said").open("w") as said:
        server = subprocess.Popen(command, stderr=said, env=environment)
    try:
        give_up_at = time.monotonic() + PATIENCE_S
        while socket.socket().connect_ex(("127.0.0.1", port)):
            is_alive = server.poll() is None and time.monotonic() < give_up_at
            assert is_alive, (folder / "said").read_text()
            time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait()


def _make_certificate(folder: Path) -> None:
    if not (folder / "key.pem").exists():
        subprocess.run(
            "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 "
            f"-keyout {folder}/key.pem -out {folder}/certificate.pem".split(),
            check=True,
            capture_output=True,
        )
