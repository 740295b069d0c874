"""The server's process: it stops in order at the first signal, and at once at the second."""

import os
import threading
from types import FrameType
from typing import Any, Final

import uvicorn
from uvicorn.importer import import_from_string

from app.observe.logs import set_up_logs
from app.services import Services
from app.settings import Settings

# For connections that stay open by themselves, such as streams of pages that move: they have nothing to finish.
LAST_CONNECTIONS_S: Final = 5
KEPT_ALIVE_S: Final = 75


class Serving(uvicorn.Server):
    """uvicorn, which closes its doors at once when told to stop. Here they stay open until what is at hand is done:
    meanwhile `/readyz` says no, so that whoever sends people here sends them elsewhere.
    """

    def __init__(self, settings: Settings) -> None:
        self._services: Services | None = None
        self._stop_seconds = settings.server.stop_seconds
        self._is_told = False
        super().__init__(self._configure(settings))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal lets everything end in order; whoever sends another one wants it over."""
        if self._is_told:
            os._exit(128 + sig)  # what is stored is whole at any moment; the next start takes up what was begun
        self._is_told = True
        if self._services is None:
            super().handle_exit(sig, frame)
            return
        self._captured_signals.append(sig)
        threading.Thread(target=self._drain, args=(self._services,), name="stopping", daemon=True).start()

    def _drain(self, services: Services) -> None:
        services.begin_stop()
        services.in_hand.wait_until_done(self._stop_seconds)
        self.should_exit = True

    def _configure(self, settings: Settings) -> uvicorn.Config:
        return uvicorn.Config(
            lambda: self._create_app(settings),
            factory=True,
            host=settings.server.host,
            port=settings.server.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=LAST_CONNECTIONS_S,
            # Longer than a proxy or a program keeps an idle connection: one that is closed in the moment in which a
            # question is sent on it is an error to whoever asked.
            timeout_keep_alive=KEPT_ALIVE_S,
            # By default it believes what anybody on this machine says; app/web/proxies.py believes whom it may.
            proxy_headers=False,
            server_header=False,
            ws_max_size=settings.limits.body_mb << 20,
            # uvloop looks names up and connects in C, where the wall does not see it.
            loop="asyncio" if settings.egress.enforce else "auto",
        )

    def _create_app(self, settings: Settings) -> Any:
        # By its name: the command line lies below what it starts.
        app = import_from_string("app.main:create_app")(settings)
        self._services = app.state.services
        return app


def run_service(settings: Settings) -> None:
    """Serve until told to stop. Raises SettingsError, EngineUnavailable; SystemExit where it cannot listen."""
    set_up_logs(settings.server.log_format, settings.server.log_level)
    server = Serving(settings)
    try:
        server.run()
    except KeyboardInterrupt:  # uvicorn sends itself the signal again once it is done
        return
    if not server.started:
        raise SystemExit(1)
