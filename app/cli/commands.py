"""The commands. stdout holds the result (with `--json` one JSON document and nothing else); stderr holds the rest."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import quote

import typer

from app.cli import show
from app.cli.connection import Api, announced, find_service
from app.cli.examining import ask_doctor
from app.cli.running import USERS_MISTAKE, Json, Kb, cli, follow, read_settings, run_command
from app.db.keys import get_or_create_key, local_token_path
from app.domain import MemberRole
from app.errors import CloisterError, EngineUnavailable, NotFound, Rejected, SettingsError
from app.settings import Settings, prepare_data_dir


@cli.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.")],
    kb: Kb = None,
    prune: Annotated[bool, typer.Option("--prune", help="Remove documents whose files are gone.")] = False,
    as_json: Json = False,
) -> None:
    """Take files and folders into a knowledge base; what is unchanged is left alone."""

    async def run(api: Api, settings: Settings) -> None:
        name = kb or settings.ingest.knowledge_base
        body = {"paths": [str(path.resolve()) for path in paths], "prune": prune}
        job = await api.post(f"/knowledge-bases/{quote(name, safe='')}/ingest", body)
        await follow(api, job, as_json=as_json)

    run_command(run)


@cli.command()
def search(
    text: Annotated[str, typer.Argument(help="What to look for.")],
    kb: Kb = None,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="Number of passages.")] = 10,
    as_json: Json = False,
) -> None:
    """Find the passages nearest to a text."""

    async def run(api: Api, _settings: Settings) -> None:
        body = {"query": text, "knowledge_bases": [kb] if kb else [], "k": k}
        show.print_passages((await api.post("/search", body))["passages"], as_json=as_json)

    run_command(run)


@cli.command()
def ask(
    text: Annotated[str, typer.Argument(help="A question.")],
    kb: Kb = None,
    assistant: Annotated[str | None, typer.Option(help="The assistant that answers.")] = None,
    as_json: Json = False,
) -> None:
    """Answer a question from the documents, with citations."""

    async def run(api: Api, _settings: Settings) -> None:
        answer = await api.post("/ask", {"query": text, "knowledge_bases": [kb] if kb else [], "assistant": assistant})
        show.print_answer(answer, as_json=as_json)

    run_command(run)


@cli.command()
def text(document_id: str) -> None:
    """Print a document's parsed text, to which all character offsets refer."""

    async def run(api: Api, _settings: Settings) -> None:
        sys.stdout.write(await api.get_text(f"/documents/{document_id}/text"))

    run_command(run)


@cli.command()
def documents(kb: Kb = None, as_json: Json = False) -> None:
    """List the searchable documents."""

    async def run(api: Api, _settings: Settings) -> None:
        show.print_documents(await api.get_all("/documents", **({"kb": kb} if kb else {})), as_json=as_json)

    run_command(run)


@cli.command()
def delete(document_id: str, as_json: Json = False) -> None:
    """Remove a document and what lies in it, everywhere, and say what went."""

    async def run(api: Api, _settings: Settings) -> None:
        show.print_removed(await api.delete(f"/documents/{document_id}"), as_json=as_json)

    run_command(run)


@cli.command()
def jobs(as_json: Json = False) -> None:
    """List the newest jobs."""

    async def run(api: Api, _settings: Settings) -> None:
        show.print_jobs(await api.get("/jobs"), as_json=as_json)

    run_command(run)


@cli.command()
def cancel(job_id: str) -> None:
    """Stop a job; what was indexed stays."""

    async def run(api: Api, _settings: Settings) -> None:
        job = await api.post(f"/jobs/{job_id}/cancel")
        typer.echo(f"Stopping; {job['done']} of {job['total']} documents are done and stay.", err=True)

    run_command(run)


@cli.command()
def retry(
    job_id: str,
    ask_password: Annotated[bool, typer.Option("--password", help="Ask for a password for protected files.")] = False,
    as_json: Json = False,
) -> None:
    """Try again those documents of a job that failed or were cancelled."""
    password = typer.prompt("Password", hide_input=True, err=True) if ask_password else None

    async def run(api: Api, _settings: Settings) -> None:
        job = await api.post(f"/jobs/{job_id}/retry", {"password": password})
        await follow(api, job, as_json=as_json)

    run_command(run)


@cli.command()
def doctor(as_json: Json = False) -> None:
    """Check models, index, disk and helpers, and say what to do about each finding."""

    settings = read_settings()
    findings = ask_doctor(settings)
    show.print_findings(findings, as_json=as_json)
    if any(finding["status"] == "broken" for finding in findings):
        raise typer.Exit(1)


@cli.command("api-key")
def api_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    person: Annotated[str, typer.Option(help="Whose rights the key has.")] = "admin",
    kb: Annotated[
        list[str] | None, typer.Option("--kb", help="A knowledge base that it opens; again for more.")
    ] = None,
    role: Annotated[MemberRole | None, typer.Option(help="The most that it may do.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days until it expires.")] = 90,
    never_expires: Annotated[bool, typer.Option("--never-expires", help="Good until it is revoked.")] = False,
    as_json: Json = False,
) -> None:
    """Make a key for a program. It is shown once; only its hash is kept.

    With --kb or --role it is no admin of the service, whoever its person is.
    """

    async def run(api: Api, _settings: Settings) -> None:
        expires_in_days = "never" if never_expires else days
        body: dict[str, object] = {"name": name, "person": person, "expires_in_days": expires_in_days}
        body |= {"knowledge_bases": kb or None, "role": role}
        show.print_key(await api.post("/api-keys", body), as_json=as_json)

    run_command(run)


@cli.command()
def serve() -> None:
    """Run the service: chat, API and the durable jobs behind them."""
    # It brings the server, which no other command needs.
    from app.cli.serving import run_service

    settings = read_settings()
    if not settings.is_shared and (running := asyncio.run(find_service(settings.data_dir))):
        typer.echo(f"Cloister runs on this data folder already, at {running}; stop it first.", err=True)
        raise typer.Exit(USERS_MISTAKE)
    # Once uvicorn has shut down in order it sends itself the signal again, which would end us before `announced` does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with announced(prepare_data_dir(settings.data_dir), settings.server.local_url):
            run_service(settings)
    except CloisterError as exc:
        typer.echo(str(exc), err=True)
        raise typer.Exit(USERS_MISTAKE if isinstance(exc, SettingsError) else 1) from exc


@cli.command()
def mcp(
    url: Annotated[str, typer.Option(help="A service elsewhere; this machine's own without it.")] = "",
    key_file: Annotated[
        Path | None, typer.Option(help="A file with an API key; needed for a service elsewhere.")
    ] = None,
) -> None:
    """Let a desktop client that starts programs use a running service's MCP server, over stdin and stdout."""
    settings = read_settings()
    try:
        asyncio.run(_bridge(settings, url, key_file))
    except CloisterError as exc:
        _give_up(exc)


async def _bridge(settings: Settings, url: str, key_file: Path | None) -> None:
    # Imported here: other commands need none of it.
    from app.web.mcp.bridge import bridge

    if url and key_file is None:
        raise Rejected(
            "A service elsewhere is asked with a key of its own: name a file that holds one with --key-file."
        )
    found = url or await find_service(settings.data_dir)
    if not found:
        raise EngineUnavailable(
            "No service runs on this data folder. Start one with “cloister serve”, or name its --url."
        )
    try:
        key = (
            key_file.read_text(encoding="utf-8") if key_file else get_or_create_key(local_token_path(settings.data_dir))
        )
    except OSError as exc:
        raise Rejected(f"The key file cannot be read: {exc.strerror}.") from exc
    await bridge(f"{found.rstrip('/')}/mcp", key.strip(), _give_up)


def _give_up(error: CloisterError) -> NoReturn:
    """A sentence, and the end, also where a thread still waits for stdin."""
    typer.echo(str(error), err=True)
    sys.stderr.flush()
    os._exit(USERS_MISTAKE if isinstance(error, Rejected | NotFound | SettingsError) else 1)
