"""Chainlit reads its folder when it is first imported: give it one of its own before any test module does."""

import atexit
import shutil
import tempfile
from pathlib import Path

from app.settings import load_settings
from app.web.chat.prepare import prepare

_folder = Path(tempfile.mkdtemp(prefix="cloister-chat-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
prepare(load_settings({"data_dir": _folder}), secret="s" * 40)
