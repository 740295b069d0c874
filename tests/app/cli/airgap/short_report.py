"""The report of a service that is only started and signed in to: `python -m … OUT PLANTED`."""

import os
import sys
from pathlib import Path

import typer

from app.cli.airgap.command import make_report, write_report
from app.settings import load_settings


def main(out: str, planted: str) -> None:
    folder = Path(planted) / "service"
    folder.mkdir()
    path = os.pathsep.join(filter(None, [planted, os.environ.get("PYTHONPATH", "")]))
    report = make_report(folder, load_settings(), typer.echo, most_steps=2, more={"PYTHONPATH": path})
    write_report(report, Path(out))
    sys.exit(not report.is_clean)


if __name__ == "__main__":
    main(*sys.argv[1:])
