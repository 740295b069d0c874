"""The data folder and what lies in it."""

from pathlib import Path

from app.errors import SettingsError


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


def chat_files_dir(data_dir: Path) -> Path:
    """Where chats keep the passages that they showed."""
    return data_dir / "chat" / "files"
