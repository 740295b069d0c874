"""The commands that cut a knowledge base anew, and bring back what answered before."""

from typing import Annotated
from urllib.parse import quote

import typer

from app.cli import show
from app.cli.connection import Api
from app.cli.running import Json, cli, follow, run_command
from app.domain import Splitter
from app.settings import Settings


@cli.command()
def reindex(
    kb: Annotated[str, typer.Argument(help="Name of a knowledge base.")],
    splitter: Annotated[Splitter, typer.Option(help="Where text is cut.")] = Splitter.HEADING,
    chunk_size: Annotated[int, typer.Option(min=16, help="Tokens of the embedding model.")] = 200,
    overlap: Annotated[int, typer.Option(min=0, help="Tokens that neighbours share, at most half.")] = 30,
    as_json: Json = False,
) -> None:
    """Cut a knowledge base anew; it answers as before until all of it is done. Nothing is uploaded again."""

    async def run(api: Api, _settings: Settings) -> None:
        profile = {"splitter": splitter, "chunk_size": chunk_size, "overlap": overlap}
        await follow(api, await api.post(f"/knowledge-bases/{quote(kb, safe='')}/reindex", profile), as_json=as_json)

    run_command(run)


@cli.command()
def generations(kb: Annotated[str, typer.Argument(help="Name of a knowledge base.")], as_json: Json = False) -> None:
    """List the ways in which a knowledge base is cut: the one that answers, and those that are kept."""

    async def run(api: Api, _settings: Settings) -> None:
        found = await api.get(f"/knowledge-bases/{quote(kb, safe='')}/generations")
        show.print_generations(found, as_json=as_json)

    run_command(run)


@cli.command()
def rollback(generation_id: str, as_json: Json = False) -> None:
    """Let a kept generation answer again, at once; what came in since is added to it."""

    async def run(api: Api, _settings: Settings) -> None:
        job = (await api.post(f"/generations/{generation_id}/activate"))["job"]
        typer.echo("It answers again.", err=True)
        if job:
            await follow(api, job, as_json=as_json)

    run_command(run)
