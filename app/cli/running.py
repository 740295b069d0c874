"""What all commands share: the command itself, the way to the API, and following a job."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from app.cli import show
from app.cli.connection import Api, connect
from app.errors import CloisterError, NotFound, Rejected, SettingsError
from app.settings import Settings, load_settings

POLL_S = 0.2
USERS_MISTAKE = 2

cli = typer.Typer(
    name="cloister",
    help="A private knowledge assistant: cited answers from your own documents, on your own machines.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Kb = Annotated[str | None, typer.Option("--kb", help="Name of a knowledge base.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


async def follow(api: Api, job: dict[str, Any], *, as_json: bool) -> None:
    """Show a job's progress until it is over, then its outcomes. Ctrl-C leaves it running."""
    path = f"/jobs/{job['id']}"
    with show.progress(quiet=as_json) as update:
        while job["state"] in ("queued", "running"):
            await asyncio.sleep(POLL_S)
            job = await api.get(path, outcomes=False)
            update(job)
    job = await api.get(path)
    if job["error"]:
        raise CloisterError(job["error"])
    show.print_outcomes(job["outcomes"], as_json=as_json)
    if any(outcome["status"] in ("failed", "cancelled") for outcome in job["outcomes"]):
        raise typer.Exit(1)


def run_command(command: Callable[[Api, Settings], Awaitable[Any]]) -> None:
    """Run a command against the API; an error of ours is one sentence on stderr and an exit code."""
    settings = read_settings()

    async def connected() -> None:
        async with connect(settings) as api:
            await command(api, settings)

    try:
        asyncio.run(connected())
    except CloisterError as exc:
        typer.echo(str(exc), err=True)
        raise typer.Exit(USERS_MISTAKE if isinstance(exc, Rejected | NotFound | SettingsError) else 1) from exc


def read_settings() -> Settings:
    """The settings; what is wrong with them ends the command."""
    try:
        return load_settings()
    except SettingsError as exc:
        typer.echo(str(exc), err=True)
        raise typer.Exit(USERS_MISTAKE) from exc
