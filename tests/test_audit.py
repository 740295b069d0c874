"""The audit of dependencies passes only where every package was asked about."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.audit import FOUND, NOT_CHECKED, judge
from tests.running_service import PROJECT

CLEAN = {"name": "a", "version": "1", "vulns": []}
AFFECTED = {"name": "b", "version": "2", "vulns": [{"id": "X-1", "fix_versions": ["3"]}]}
SKIPPED = {"name": "c", "skip_reason": "c is unknown there"}


@pytest.mark.parametrize(
    ("packages", "code"),
    [([CLEAN], 0), ([CLEAN, AFFECTED], FOUND), ([CLEAN, SKIPPED], NOT_CHECKED), ([], NOT_CHECKED)],
)
def test_only_what_was_asked_about_and_is_unknown_passes(packages: list[dict[str, object]], code: int) -> None:
    assert judge(packages) == code


def test_a_service_that_cannot_be_reached_is_said_loudly(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("cloister-needs-nothing==1\n")
    # Nothing listens at this proxy: the way out is shut, wherever the test runs.
    shut = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "", "no_proxy": ""}
    done = subprocess.run(
        [sys.executable, PROJECT / "scripts" / "audit.py", "osv", lock],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **shut},
    )
    assert done.returncode == NOT_CHECKED
    assert "NOTHING WAS CHECKED" in done.stderr
