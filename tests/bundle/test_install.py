"""install.sh, on a bundle of a stand-in for Cloister and a real pip: what it refuses, keeps and swaps."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bundle.archive import fill_folder, write_checksums
from bundle.licences import read_known_licences
from bundle.sbom import build_components, build_sbom
from bundle.wheels import Wheel
from tests.bundle.small_wheels import write_installed, write_small_cloister

EPOCH = 1767225600
INSTALL = Path(__file__).parents[2] / "bundle" / "install.sh"
# As on a machine that has an index set up: install.sh must not look at it.
MISLED = {"PIP_INDEX_URL": "http://192.0.2.1/simple", "PYTHONPATH": "/nowhere", "CLOISTER_PROFILE": "unknown"}


@dataclass(frozen=True, slots=True)
class Bundle:
    """An unpacked bundle."""

    folder: Path

    def install(self, dest: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", self.folder / "install.sh", dest],
            env={**os.environ, "PYTHON": sys.executable, **environment},
            capture_output=True,
            text=True,
        )


Make = Callable[..., Bundle]


@pytest.fixture(scope="module")
def pip(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    return write_installed(tmp_path_factory.mktemp("pip"), "pip")


@pytest.fixture
def make(tmp_path: Path, pip: Wheel) -> Make:
    """Makes a bundle of a version of the stand-in."""

    def make(version: str = "1.0", *, works: bool = True) -> Bundle:
        folder = tmp_path / f"bundle {version}"
        (folder / "wheels").mkdir(parents=True)
        shutil.copy(pip.path, folder / "wheels")
        wheels = [write_small_cloister(folder / "wheels", version, works=works), pip]
        fill_folder(folder, wheels, build_sbom(build_components(wheels, read_known_licences()), epoch=EPOCH))
        return Bundle(folder)

    return make


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    """Not there yet, and with a blank and a quote in it."""
    return tmp_path / "anna's cloister"


def start(dest: Path, *arguments: str, **environment: str) -> Any:
    """What the start script's Cloister tells of how it was started."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CLOISTER_")}
    done = subprocess.run(
        [dest / "cloister", *arguments], env={**clean, **environment}, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def change_target(bundle: Bundle, old: str, new: str) -> None:
    """As if the bundle had been made for another machine."""
    file = bundle.folder / "target.sh"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    write_checksums(bundle.folder)


def test_what_is_installed_starts_in_the_airgap_profile_and_has_its_project_beside_it(make: Make, dest: Path) -> None:
    done = make().install(dest, **MISLED)
    assert done.returncode == 0, done.stderr
    told = start(dest, "serve", "--now", PYTHONPATH="/nowhere")
    assert told["arguments"] == ["serve", "--now"]
    assert told["settings"] == {"CLOISTER_PROFILE": "airgap"}
    project = Path(told["prefix"]).resolve().parent
    assert project == (dest / "current").resolve()
    assert (project / "configs" / "default.yaml").is_file()
    assert (project / "sample_docs").is_dir()
    assert (project / "data").resolve() == dest / "data"
    assert (dest / "data").stat().st_mode & 0o077 == 0
    for unit, command in (("cloister", "serve"), ("cloister-worker@", "worker")):
        text = (dest / f"{unit}.service.example").read_text()
        assert f'ExecStart="{dest}/cloister" {command}' in text
        assert f'ReadWritePaths="{dest}/data"' in text


def test_the_owners_settings_are_read_at_the_start(make: Make, dest: Path) -> None:
    make().install(dest)
    (dest / "settings.env").write_text("CLOISTER_PROFILE=server\nCLOISTER_SERVER__PORT=8123\n")
    assert start(dest)["settings"] == {"CLOISTER_PROFILE": "server", "CLOISTER_SERVER__PORT": "8123"}


def damage(bundle: Bundle) -> None:
    wheel = next((bundle.folder / "wheels").glob("cloister-*.whl"))
    content = bytearray(wheel.read_bytes())
    content[len(content) // 2] ^= 1
    wheel.write_bytes(content)


def lose(bundle: Bundle) -> None:
    (bundle.folder / "configs" / "default.yaml").unlink()


def slip_in(bundle: Bundle) -> None:
    (bundle.folder / "configs" / "mine.yaml").write_text("egress: {enforce: false}")


def slip_in_a_link(bundle: Bundle) -> None:
    (bundle.folder / "configs" / "mine.yaml").symlink_to("/etc/passwd")


def lose_the_list(bundle: Bundle) -> None:
    (bundle.folder / "SHA256SUMS").unlink()


@pytest.mark.parametrize("tamper", [damage, lose, slip_in, slip_in_a_link, lose_the_list])
def test_a_bundle_that_is_not_as_it_was_made_is_refused(
    tamper: Callable[[Bundle], None], make: Make, dest: Path
) -> None:
    bundle = make()
    tamper(bundle)
    done = bundle.install(dest)
    assert done.returncode == 1
    assert "nothing was installed" in done.stderr
    assert list(dest.iterdir()) == []


def test_a_wheel_that_was_changed_together_with_the_list_is_refused_by_its_hash(make: Make, dest: Path) -> None:
    bundle = make()
    write_small_cloister(bundle.folder / "wheels", works=False)
    write_checksums(bundle.folder)
    done = bundle.install(dest)
    assert done.returncode == 1
    assert "HASHES" in done.stderr
    assert not (dest / "current").exists()
    assert list((dest / "releases").iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (f"bundle_python='{sys.version_info.major}.{sys.version_info.minor}'", "bundle_python='3.99'", "CPython 3.99"),
        ("bundle_machine='", "bundle_machine='other-", "a machine like this"),
        ("bundle_abi='", "bundle_abi='other-", "a Python built as other-"),
        ("bundle_glibc='0", "bundle_glibc='99", "needs glibc 99"),
    ],
)
def test_a_machine_that_does_not_fit_is_told_why(old: str, new: str, told: str, make: Make, dest: Path) -> None:
    bundle = make()
    change_target(bundle, old, new)
    done = bundle.install(dest)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Nothing was installed." in done.stderr
    assert "Traceback" not in done.stderr
    assert list(dest.iterdir()) == []


def test_a_second_installation_keeps_data_and_settings_and_one_way_back(make: Make, dest: Path) -> None:
    make("1.0").install(dest)
    first = (dest / "current").resolve()
    (dest / "data" / "cloister.sqlite").write_text("precious")
    (dest / "settings.env").write_text("CLOISTER_SERVER__PORT=8123\n")
    make("2.0").install(dest)
    second = (dest / "current").resolve()
    assert start(dest)["version"] == "2.0"
    assert set((dest / "releases").iterdir()) == {first, second}
    done = make("3.0").install(dest)
    assert start(dest)["version"] == "3.0"
    assert set((dest / "releases").iterdir()) == {second, (dest / "current").resolve()}
    assert str(second) in done.stdout
    assert (dest / "data" / "cloister.sqlite").read_text() == "precious"
    assert start(dest)["settings"]["CLOISTER_SERVER__PORT"] == "8123"


def test_what_stands_stays_where_the_new_does_not_work(make: Make, dest: Path) -> None:
    make("1.0").install(dest)
    (dest / "data" / "cloister.sqlite").write_text("precious")
    done = make("2.0", works=False).install(dest)
    assert done.returncode == 1
    assert "what was installed before still stands" in done.stderr
    assert start(dest)["version"] == "1.0"
    assert list((dest / "releases").iterdir()) == [(dest / "current").resolve()]
    assert (dest / "data" / "cloister.sqlite").read_text() == "precious"


def test_an_installation_that_was_killed_is_cleared_away_by_the_next(make: Make, dest: Path) -> None:
    half_made = dest / "releases" / "1.0-killed"
    (half_made / ".venv").mkdir(parents=True)
    (dest / ".installing").mkdir()
    ended = subprocess.Popen(["true"])
    ended.wait()
    (dest / ".installing" / "process").write_text(str(ended.pid))
    done = make().install(dest)
    assert done.returncode == 0, done.stderr
    assert not half_made.exists()
    assert not (dest / ".installing").exists()


def test_two_installations_at_once_do_not_meet(make: Make, dest: Path) -> None:
    (dest / ".installing").mkdir(parents=True)
    (dest / ".installing" / "process").write_text(str(os.getpid()))
    done = make().install(dest)
    assert done.returncode == 1
    assert "is under way" in done.stderr
    assert (dest / ".installing").is_dir()


def test_a_folder_inside_the_bundle_is_no_place_to_install(make: Make) -> None:
    bundle = make()
    done = bundle.install(bundle.folder / "here")
    assert done.returncode == 1
    assert "lies in the bundle" in done.stderr


def test_the_script_is_clean() -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("SHELL SCRIPT NOT CHECKED: shellcheck is not installed (configs/apt-packages.txt)")
    subprocess.run(["shellcheck", INSTALL], check=True)
