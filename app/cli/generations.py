"""The commands that cut a knowledge base anew, and bring back what answered before."""

from pathlib import Path
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
    trial: Annotated[bool, typer.Option("--trial", help="Build it to be measured; `activate` lets it answer.")] = False,
    as_json: Json = False,
) -> None:
    """Cut a knowledge base anew; it answers as before until all of it is done. Nothing is uploaded again."""

    async def run(api: Api, _settings: Settings) -> None:
        profile = {"splitter": splitter, "chunk_size": chunk_size, "overlap": overlap, "is_trial": trial}
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
def activate(generation_id: str, as_json: Json = False) -> None:
    """Let a kept generation or a trial answer, at once; what came in since is added to it."""

    async def run(api: Api, _settings: Settings) -> None:
        job = (await api.post(f"/generations/{generation_id}/activate"))["job"]
        typer.echo("It answers now.", err=True)
        if job:
            await follow(api, job, as_json=as_json)

    run_command(run)


@cli.command()
def questions(
    kb: Annotated[str, typer.Argument(help="Name of a knowledge base.")],
    file: Annotated[Path | None, typer.Argument(help="A CSV file with the columns question, document, quote.")] = None,
    as_json: Json = False,
) -> None:
    """List the questions by which chunking is measured, or take in a file of them."""

    async def run(api: Api, _settings: Settings) -> None:
        path = f"/knowledge-bases/{quote(kb, safe='')}/questions"
        if file is None:
            show.print_questions(await api.get(path), as_json=as_json)
        else:
            show.print_imported(await api.post_file(path, file), as_json=as_json)

    run_command(run)


@cli.command()
def measure(
    kb: Annotated[str, typer.Argument(help="Name of a knowledge base.")],
    generation: Annotated[str | None, typer.Option(help="A trial or a kept generation; it is compared, too.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=50, help="Passages of each question.")] = 5,
    as_json: Json = False,
) -> None:
    """How well a knowledge base is chunked: what its questions find, with 95 % intervals."""

    async def run(api: Api, _settings: Settings) -> None:
        path = f"/knowledge-bases/{quote(kb, safe='')}"
        measured = await api.post(f"{path}/measure", {"k": k, "generation_id": generation})
        compared = await api.post(f"{path}/compare", {"k": k, "generation_id": generation}) if generation else None
        show.print_measured(measured, compared, as_json=as_json)

    run_command(run)
