"""The data folder that all processes of a service share, and the secrets that must be the same for all.

Each process leaves a mark there under its name. Who does not find another's mark does not look into the same folder:
uploads of one would be missing for the other. The mark also tells, by keyed digests, whether secrets are the same.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import SettingsError


@dataclass(frozen=True, slots=True)
class SharedFolder:
    """`folder` holds the marks; `secrets` are named as the settings that people set them with."""

    folder: Path
    secrets: Mapping[str, str] = field(repr=False)

    def mark(self, id: str) -> None:
        """Leave this process's mark."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.folder / id, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(self._digests(), file)

    def forget(self, ids: Sequence[str]) -> None:
        """Remove the marks of these."""
        for id in ids:
            (self.folder / id).unlink(missing_ok=True)

    def require_same(self, id: str, host: str, is_alive: Callable[[], bool]) -> None:
        """Raises SettingsError where the process of this name has another folder, or other secrets.

        `is_alive` is asked only then: what the dead had does not matter.
        """
        mark = self.folder / id
        try:
            theirs: dict[str, str] = json.loads(mark.read_text(encoding="ascii"))
        except FileNotFoundError:
            if is_alive():
                raise SettingsError(
                    f"A process of this service on {host} does not share the data folder {self.folder.parent}: what is "
                    "uploaded there would be missing here. Mount one folder for all (docs/scaling.md), and set "
                    "CLOISTER_DATA_DIR to it on every machine."
                ) from None
            return
        differing = [name for name, digest in self._digests().items() if theirs.get(name) != digest]
        if differing and is_alive():
            raise SettingsError(
                f"A process of this service on {host} has another {' and another '.join(differing)}: sign-ins and kept "
                "keys of one would not open with the other. Give all of them the same, or none, so that the key in "
                "the shared data folder counts."
            )

    def _digests(self) -> dict[str, str]:
        return {
            name: hmac.new(secret.encode(), b"the same for all processes", hashlib.sha256).hexdigest()[:16]
            for name, secret in self.secrets.items()
        }
