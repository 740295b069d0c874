"""`cloister sign-in-link`: the way back in from this machine."""

from typing import Annotated

import typer

from app.cli import show
from app.cli.connection import Api
from app.cli.running import Json, cli, run_command
from app.settings import Settings


@cli.command("sign-in-link")
def sign_in_link(
    person: Annotated[str, typer.Argument(help="Whose password is to be chosen anew.")] = "admin",
    as_json: Json = False,
) -> None:
    """Make a one-time link for somebody who cannot get in. It is shown once, and opens whatever is locked."""

    async def run(api: Api, _settings: Settings) -> None:
        made = await api.post("/sign-in-links", {"person": person})
        if as_json:
            show.print_json(made)
        else:
            typer.echo(made["url"])

    run_command(run)
