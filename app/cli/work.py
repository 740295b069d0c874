"""`cloister worker`: takes documents in, and answers nobody."""

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from app.cli.running import USERS_MISTAKE, cli, read_settings
from app.errors import CloisterError, SettingsError
from app.observe.logs import set_up_logs
from app.services import Services
from app.settings import Settings


@cli.command()
def worker() -> None:
    """Take in documents and run jobs, beside the processes that answer people; needs Postgres and a Qdrant server."""
    settings = read_settings()
    if not settings.is_shared:
        typer.echo(
            "A worker needs stores that processes can share: set database.url to a Postgres and vector_index.engine to "
            "server (profile server). Without them `cloister serve` takes documents in itself.",
            err=True,
        )
        raise typer.Exit(USERS_MISTAKE)
    set_up_logs(settings.server.log_format, settings.server.log_level)
    try:
        asyncio.run(_work(settings))
    except CloisterError as exc:
        typer.echo(str(exc), err=True)
        raise typer.Exit(USERS_MISTAKE if isinstance(exc, SettingsError) else 1) from exc


async def _work(settings: Settings) -> None:
    """Until somebody says stop: documents at hand are finished or left to others, as at the end of a service."""
    # Imported here: what they bring takes seconds to load, and no other command needs it.
    from app.bootstrap import open_services
    from ingest.presence import Role

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, _stop, stopped, each)
    services = await asyncio.to_thread(open_services, settings)
    try:
        services.ingest_line.presence.role = Role.WORKER
        services.work_up()
        with _probes(settings, services):
            typer.echo("This worker takes documents in; Ctrl-C stops it.")
            while not stopped.is_set():
                services.raise_trouble()
                await _wait(stopped, 0.5)
    finally:
        await asyncio.to_thread(services.close)


def _stop(stopped: asyncio.Event, sig: signal.Signals) -> None:
    """The first signal lets everything end in order; whoever sends another one wants it over."""
    if stopped.is_set():
        os._exit(128 + sig)  # what is stored is whole at any moment; others take up what was begun
    stopped.set()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


@contextmanager
def _probes(settings: Settings, services: Services) -> Iterator[None]:
    """/healthz, /readyz and /metrics on `worker.port`, and nothing else."""
    if not settings.worker.port:
        yield
        return
    import uvicorn

    from app.web.api.probes import build_probes

    server = uvicorn.Server(
        uvicorn.Config(
            build_probes(services),
            host=settings.worker.host,
            port=settings.worker.port,
            log_config=None,
            access_log=False,
            server_header=False,
            loop="asyncio",
        )
    )
    # In a thread of its own, where it takes no signals: they are for the worker.
    thread = threading.Thread(target=server.run, name="probes", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(5)
