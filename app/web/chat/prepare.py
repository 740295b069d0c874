"""What must be in place before Chainlit is imported: it reads its folder and its settings at import.

prepare(settings, secret=secret)   # once, first
chat = mount_chat(app, backend, database, settings)
"""

import importlib.metadata
import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from app.egress.silence import silence_libraries
from app.settings import Settings
from app.web.chat.frontend import install_frontend
from app.web.chat.own_folder import open_own_folder

HERE = Path(__file__).parent
STATIC_DIR = HERE.parent / "static"
# Written after the languages that we edit ourselves, for "de-AT" and the like.
_LANGUAGES = {"en-US": "en", "de-DE": "de"}


def chat_dir(settings: Settings) -> Path:
    """Chainlit's folder below the data folder."""
    return settings.data_dir / "chat"


def prepare(settings: Settings, *, secret: str) -> None:
    """Write Chainlit's folder and set its environment. `secret` signs the sign-in cookies.

    A process has one such folder, the first: Chainlit keeps it for good. Later calls change the secret only.
    Raises RuntimeError when Chainlit was imported before the first call.
    """
    os.environ["CHAINLIT_AUTH_SECRET"] = secret
    # Chainlit would load any .env file of the current folder into the environment.
    os.environ["CHAINLIT_ENV_FILE"] = os.devnull
    silence_libraries()
    if "chainlit" in sys.modules:
        require_prepared()
        return
    root = chat_dir(settings)
    if settings.is_shared:
        root = open_own_folder(root / "processes")
    os.environ["CHAINLIT_APP_ROOT"] = str(root)
    package = _chainlit_dir()
    version = importlib.metadata.version("chainlit")
    frontend = install_frontend(package / "frontend" / "dist", version, root)
    _write_public(root / "public")
    session_s = int(settings.people.session_length.total_seconds())
    listens = str(settings.transcriber.engine != "off").lower()
    values = {"frontend": frontend.name, "version": version, "session_s": session_s, "listens": listens}
    _write_settings(root / ".chainlit", values)
    _write_translations(package / "translations", root / ".chainlit" / "translations")
    # Uploads of sessions that ended with the last process.
    shutil.rmtree(root / ".files", ignore_errors=True)
    # Chainlit would write its own welcome page here if there was none.
    (root / "chainlit.md").write_text("", encoding="utf-8")


def require_prepared() -> None:
    """Raise RuntimeError unless `prepare` has set Chainlit's folder."""
    if "CHAINLIT_APP_ROOT" not in os.environ:
        raise RuntimeError("Call app.web.chat.prepare.prepare(settings, secret=…) before anything imports chainlit.")


def _chainlit_dir() -> Path:
    spec = importlib.util.find_spec("chainlit")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("chainlit is not installed; run `make install`.", name="chainlit")
    return Path(spec.origin).parent


def _write_public(public: Path) -> None:
    """Logo, favicon and colours: what Chainlit looks for in its folder."""
    public.mkdir(parents=True, exist_ok=True)
    for name in ("logo_light.svg", "logo_dark.svg", "favicon.svg"):
        shutil.copyfile(STATIC_DIR / name, public / name)
    shutil.copyfile(HERE / "theme.json", public / "theme.json")


def _write_settings(folder: Path, values: Mapping[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    template = Template((HERE / "config.toml").read_text(encoding="utf-8"))
    (folder / "config.toml").write_text(template.substitute(values), encoding="utf-8")


def _write_translations(shipped: Path, target: Path) -> None:
    """Chainlit's translations with our edits: those for every language, then those for each."""
    target.mkdir(parents=True, exist_ok=True)
    for source in shipped.glob("*.json"):
        text = json.loads(source.read_text(encoding="utf-8"))
        for edits in (HERE / "translations" / "all.json", HERE / "translations" / source.name):
            if edits.is_file():
                apply_edits(text, json.loads(edits.read_text(encoding="utf-8")))
        for name in {source.stem, _LANGUAGES.get(source.stem, source.stem)}:
            (target / f"{name}.json").write_text(json.dumps(text, ensure_ascii=False, indent=2), encoding="utf-8")


def apply_edits(text: dict[str, Any], edits: Mapping[str, str]) -> None:
    """Replace entries of a tree of strings, each named by its path, as in "auth.login.title"."""
    for path, value in edits.items():
        *folders, name = path.split(".")
        place = text
        for folder in folders:
            place = place[folder]
        place[name] = value
