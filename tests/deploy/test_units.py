"""The units for systemd: understood, closed, of one home, and with time to stop in order."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app.cli import cli
from tests.deploy.compose import PROJECT, read

UNITS = sorted((PROJECT / "configs" / "systemd").glob("*.service"))
# What systemd 252 rates them with; higher is more exposed.
MOST_EXPOSED = 2.0


@pytest.fixture
def at_hand(tmp_path: Path) -> Path:
    """The units with a user and a program that this machine has."""
    for unit in UNITS:
        text = unit.read_text().replace("User=cloister", "User=daemon").replace("/opt/cloister/cloister", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def require_systemd() -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("NO SYSTEMD: its units are not verified")


def settings_of(unit: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in unit.read_text().splitlines() if re.match(r"[A-Z]\w*=", line))


def test_systemd_understands_them_without_a_warning(at_hand: Path) -> None:
    require_systemd()
    checked = subprocess.run(
        ["systemd-analyze", "verify", *(str(at_hand / unit.name) for unit in UNITS)], capture_output=True, text=True
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_a_misspelt_line_would_be_noticed(at_hand: Path) -> None:
    require_systemd()
    unit = at_hand / "cloister.service"
    unit.write_text(unit.read_text().replace("ProtectClock=", "ProtectClocks="))
    checked = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    assert "ProtectClocks" in checked.stderr


def test_systemd_finds_little_that_they_may_do(at_hand: Path) -> None:
    require_systemd()
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(at_hand / "cloister.service")]
    said = subprocess.run(command, capture_output=True, text=True).stdout
    rated = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", said)
    assert rated, said
    assert float(rated[1]) <= MOST_EXPOSED


def test_a_unit_gives_as_long_to_stop_as_a_container_does() -> None:
    grace = {service.get("stop_grace_period") for name, service in _cloisters()}
    assert grace == {settings_of(unit)["TimeoutStopSec"] + "s" for unit in UNITS} == {"90s"}
    assert {settings_of(unit)["KillMode"] for unit in UNITS} == {"mixed"}


def test_they_write_to_the_data_only_and_nothing_leaves_the_machine() -> None:
    for unit in UNITS:
        said = settings_of(unit)
        assert (said["ProtectSystem"], said["ReadWritePaths"]) == ("strict", '"/opt/cloister/data"')
        assert (said["IPAddressDeny"], said["CapabilityBoundingSet"], said["NoNewPrivileges"]) == ("any", "", "yes")


def test_they_start_commands_that_exist() -> None:
    names = {command.name or command.callback.__name__ for command in cli.registered_commands if command.callback}
    started = {settings_of(unit)["ExecStart"].split()[-1] for unit in UNITS}
    assert started == {"serve", "worker"}
    if "worker" not in names:
        pytest.skip("THE WORKER'S COMMAND IS NOT CHECKED: there is none of that name yet")
    assert started <= names


def test_the_installer_takes_them_from_their_one_home() -> None:
    script = (PROJECT / "bundle" / "install.sh").read_text()
    assert all(f"{unit.name}" in script for unit in UNITS)
    assert "[Service]" not in script


def _cloisters() -> list[tuple[str, dict[str, str]]]:
    services = read(PROJECT / "docker-compose.yml")["services"]
    return [(name, services[name]) for name in ("cloister", "server", "worker")]
