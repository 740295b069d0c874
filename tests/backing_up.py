"""Backups of the services that tests open, and places to restore them to."""

from dataclasses import replace
from pathlib import Path

from app.backup.restore import Restored, Target, restore
from app.backup.take import Place, Taken, take
from app.bootstrap import build_place, build_target
from app.services import Services
from app.settings import Settings


def unobserved(_stage: str, _done: int, _total: int) -> None:
    """Nobody watches."""


def place_of(settings: Settings) -> Place:
    """What the command line backs up under these settings."""
    return build_place(settings)


def back_up(services: Services, file: Path, passphrase: str | None = None) -> Taken:
    """As `cloister backup` does it, beside the services."""
    place = build_place(services.settings)
    try:
        return take(place, file, passphrase, unobserved)
    finally:
        place.database.close()


def target_in(settings: Settings, folder: Path) -> Target:
    """An empty folder as the data folder of the same settings."""
    return build_target(settings.model_copy(update={"data_dir": folder}))


def put_back(settings: Settings, file: Path, folder: Path, passphrase: str | None = None, **other: object) -> Restored:
    """As `cloister restore` does it; `other` replaces parts of the target."""
    return restore(file, passphrase, replace(target_in(settings, folder), **other), unobserved)  # type: ignore[arg-type]
