"""Chat folders of processes that share a data folder."""

import subprocess
import sys
from pathlib import Path

from app.web.chat.own_folder import open_own_folder

OPEN_AND_WAIT = """
import sys
from pathlib import Path
from app.web.chat.own_folder import open_own_folder
print(open_own_folder(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


def test_a_folder_stays_while_its_process_lives_and_goes_once_it_was_killed(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", OPEN_AND_WAIT, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    theirs = Path(other.stdout.readline().strip())
    (theirs / "upload").write_text("of an open chat")
    mine = open_own_folder(tmp_path)
    assert (theirs / "upload").exists()
    other.kill()
    other.wait()
    third = open_own_folder(tmp_path)
    assert set(tmp_path.iterdir()) == {mine, third}
