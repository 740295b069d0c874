"""`cloister worker` where it has nothing to work on."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.errors import SettingsError
from app.settings import load_settings


def test_a_worker_without_shared_stores_says_what_it_needs(tmp_path: Path) -> None:
    said = CliRunner().invoke(cli, ["worker"], env={"CLOISTER_DATA_DIR": str(tmp_path / "data")})
    assert said.exit_code == 2
    assert "Postgres" in said.output
    assert "vector_index.engine" in said.output
    assert not (tmp_path / "data").exists()


def test_to_leave_the_work_to_workers_that_cannot_reach_the_stores_stops_the_start() -> None:
    with pytest.raises(SettingsError, match=r"ingest\.works is off"):
        load_settings({"ingest": {"works": False}})
