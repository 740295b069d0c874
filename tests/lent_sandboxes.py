"""Sandboxes that outlive the services they are put into, so that not every test waits for children to start."""

from collections.abc import Hashable
from pathlib import Path
from typing import Final

from app.services import Services
from app.settings import Settings
from ingest.sandbox import Sandbox

PROCESSES: Final = 2


class _Lent(Sandbox):
    """Closing the services leaves it open."""

    def close(self) -> None:
        pass

    def end(self) -> None:
        super().close()


class LentSandboxes:
    """One sandbox for all tests whose settings say the same about reading files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: dict[Hashable, _Lent] = {}

    def lend_to(self, services: Services) -> None:
        """Put the sandbox that fits the services' settings in the place of their own.

        Only where services are opened once: what a close does to a document that is being read is for a sandbox of
        their own to show.
        """
        services.sandbox.close()
        services.sandbox = self._fitting(services.settings)

    def close(self) -> None:
        """Stop all children."""
        for sandbox in self._opened.values():
            sandbox.end()

    def _fitting(self, settings: Settings) -> _Lent:
        key = (settings.limits, settings.tables, settings.ocr, settings.parse, settings.sparse)
        if key not in self._opened:
            self._opened[key] = _Lent(settings, processes=PROCESSES, folder=self._folder)
        return self._opened[key]
