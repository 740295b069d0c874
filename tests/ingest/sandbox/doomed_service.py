"""A service that is killed while its child reads: `python -m … FOLDER FILE`."""

import sys
from pathlib import Path

from app.settings import load_settings
from ingest.sandbox import Sandbox

if __name__ == "__main__":
    folder, file = map(Path, sys.argv[1:])
    sandbox = Sandbox(
        load_settings({"data_dir": folder}), processes=1, folder=folder, child="tests.ingest.sandbox.unruly_child"
    )
    with sandbox.parse(file, file.name, depth=0, password=None, report=lambda *_: None, is_cancelled=lambda: False):
        pass
