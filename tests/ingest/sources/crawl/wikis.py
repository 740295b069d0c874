"""Real wikis on this machine, from Debian's packages, on PHP's own server with SQLite or files; one for each test."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MEDIAWIKI = Path("/usr/share/mediawiki")
DOKUWIKI = Path("/usr/share/dokuwiki")
PATIENCE_S = 30


@dataclass(frozen=True)
class MediaWiki:
    """A wiki with SQLite; pages are changed by its own scripts."""

    folder: Path
    url: str

    def edit(self, title: str, text: str) -> None:
        self._run("edit.php", title, text=text)

    def delete(self, title: str) -> None:
        self._run("deleteBatch.php", text=title)

    def move(self, title: str, to: str) -> None:
        self._run("moveBatch.php", text=f"{title}|{to}")

    def _run(self, script: str, *arguments: str, text: str) -> None:
        run = ["php", str(MEDIAWIKI / "maintenance" / script), "--conf", str(self.folder / "LocalSettings.php")]
        subprocess.run([*run, *arguments], input=text, text=True, check=True, capture_output=True)
        subprocess.run(
            [*run[:1], str(MEDIAWIKI / "maintenance" / "runJobs.php"), *run[2:]], check=True, capture_output=True
        )


@contextmanager
def mediawiki(folder: Path, *, is_private: bool = False) -> Iterator[MediaWiki]:
    """Skips, loudly, where the package is absent."""
    _need(MEDIAWIKI / "api.php", "mediawiki")
    folder.mkdir()
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    install = [
        "php",
        str(MEDIAWIKI / "maintenance" / "install.php"),
        "--dbtype",
        "sqlite",
        "--dbpath",
        str(folder / "db"),
    ]
    install += ["--pass", "correct horse battery", "--server", url, "--scriptpath", "", "--confpath", str(folder)]
    subprocess.run([*install, "Test wiki", "Admin"], check=True, capture_output=True)
    if is_private:
        with (folder / "LocalSettings.php").open("a") as settings:
            settings.write("\n$wgGroupPermissions['*']['read'] = false;\n")
    environment = os.environ | {"MW_CONFIG_FILE": str(folder / "LocalSettings.php")}
    with _served(MEDIAWIKI, port, environment):
        yield MediaWiki(folder, url)


@dataclass(frozen=True)
class DokuWiki:
    """A wiki in files; pages are changed as its editor would."""

    folder: Path
    url: str

    def edit(self, page: str, text: str) -> None:
        path = self.folder / "data" / "pages" / f"{page.replace(':', '/')}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        shutil.rmtree(self.folder / "data" / "cache")
        (self.folder / "data" / "cache").mkdir()

    def delete(self, page: str) -> None:
        (self.folder / "data" / "pages" / f"{page.replace(':', '/')}.txt").unlink()


@contextmanager
def dokuwiki(folder: Path) -> Iterator[DokuWiki]:
    """Skips, loudly, where the package is absent."""
    _need(DOKUWIKI / "doku.php", "dokuwiki")
    shutil.copytree(DOKUWIKI, folder / "wiki", ignore=shutil.ignore_patterns("preload.php", ".htaccess"))
    shutil.copytree("/etc/dokuwiki", folder / "conf")
    for name in (
        "pages",
        "attic",
        "media",
        "media_attic",
        "media_meta",
        "meta",
        "cache",
        "index",
        "locks",
        "tmp",
        "log",
    ):
        (folder / "data" / name).mkdir(parents=True)
    (folder / "conf" / "local.php").write_text(
        f"<?php\n$conf['title'] = 'Test wiki';\n$conf['useacl'] = 0;\n$conf['savedir'] = '{folder / 'data'}';\n"
    )
    (folder / "wiki" / "inc" / "preload.php").write_text(
        f"<?php\nif(!defined('DOKU_CONF')) define('DOKU_CONF', '{folder / 'conf'}/');\n"
    )
    port = _free_port()
    with _served(folder / "wiki", port, dict(os.environ)):
        yield DokuWiki(folder, f"http://127.0.0.1:{port}")


def _need(path: Path, package: str) -> None:
    if not path.exists() or not shutil.which("php"):
        pytest.skip(f"NO WIKI: the package {package} (with php-cli) is absent, so a real one is not crawled")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _served(root: Path, port: int, environment: dict[str, str]) -> Iterator[None]:
    server = subprocess.Popen(
        ["php", "-S", f"127.0.0.1:{port}", "-t", str(root)],
        # One request at a time: two that fill an empty cache at once say so on their pages.
        env=environment | {"PHP_CLI_SERVER_WORKERS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        give_up_at = time.monotonic() + PATIENCE_S
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert time.monotonic() < give_up_at, "PHP's server does not answer"
            time.sleep(0.05)
        yield
    finally:
        os.killpg(server.pid, 15)
        server.wait()
