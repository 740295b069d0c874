"""The data folder and what lies in it."""

from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import SettingsError

if TYPE_CHECKING:
    from app.settings.tree import Settings


def prepare_data_dir(data_dir: Path) -> Path:
    """The folder, made if need be and closed to other users of the machine. Raises SettingsError."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        data_dir.chmod(0o700)
    except OSError as exc:
        raise SettingsError(
            f"The data folder {data_dir} cannot be used ({exc.strerror}); "
            "set CLOISTER_DATA_DIR to a folder that you may write to."
        ) from exc
    return data_dir


def database_url(settings: "Settings") -> str:
    """Where the database is: the address of the settings, else an SQLite file in the data folder."""
    return settings.database.url or f"sqlite:///{settings.data_dir / 'cloister.sqlite'}"


def chat_files_dir(data_dir: Path) -> Path:
    """Where chats keep the passages that they showed."""
    return data_dir / "chat" / "files"
