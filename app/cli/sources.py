"""The commands for sources: watch a folder, crawl a site, say when, and see what runs found."""

import asyncio
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

import typer

from app.cli import show
from app.cli.connection import Api
from app.cli.running import POLL_S, Json, Kb, cli, follow, run_command
from app.egress.address_kinds import is_public
from app.errors import CloisterError, Rejected
from app.settings import LOOPBACK, Settings

TimeZone = Annotated[str, typer.Option(help="Time zone of the schedule, like Europe/Zurich.")]


@cli.command()
def watch(
    folder: Annotated[Path, typer.Argument(help="A folder of this machine, a network share for example.")],
    every: Annotated[str, typer.Option(help="hourly, nightly, weekly or a cron expression (UTC).")] = "hourly",
    kb: Kb = None,
    as_json: Json = False,
) -> None:
    """Keep a folder in a knowledge base: what is new, changed or gone there is picked up on a schedule."""

    async def run(api: Api, settings: Settings) -> None:
        name = kb or settings.ingest.knowledge_base
        body = {"path": str(folder.resolve()), "schedule": every}
        source = await api.post(f"/knowledge-bases/{quote(name, safe='')}/folders", body)
        show.print_sources([source], as_json=as_json)

    run_command(run)


@cli.command()
def sources(as_json: Json = False) -> None:
    """List the folders and sites that documents keep coming from."""

    async def run(api: Api, _settings: Settings) -> None:
        show.print_sources(await api.get_all("/sources"), as_json=as_json)

    run_command(run)


@cli.command()
def unwatch(source_id: str) -> None:
    """Forget a folder or site; its documents stay."""

    async def run(api: Api, _settings: Settings) -> None:
        await api.delete(f"/sources/{source_id}")
        typer.echo("Forgotten; its documents stay.", err=True)

    run_command(run)


@cli.command()
def crawl(
    url: Annotated[str, typer.Argument(help="A page to start from; what lies in its folder belongs to the crawl.")],
    kb: Kb = None,
    every: Annotated[
        str | None, typer.Option(help="Crawl again by itself: hourly, nightly, weekly, never or a cron expression.")
    ] = None,
    time_zone: TimeZone = "UTC",
    include: Annotated[list[str] | None, typer.Option(help="Only paths like this (* and ?); may be repeated.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="No paths like this (* and ?); may be repeated.")] = None,
    max_pages: Annotated[int | None, typer.Option(min=1, help="Addresses at most.")] = None,
    max_depth: Annotated[int | None, typer.Option(min=0, help="Links away from the start at most.")] = None,
    whole_host: Annotated[bool, typer.Option("--whole-host", help="Not only the folder of the start.")] = False,
    internal: Annotated[
        bool | None,
        typer.Option(
            "--internal/--no-internal",
            help="The site is on your own network. Assumed where the address itself is a private one.",
        ),
    ] = None,
    render: Annotated[
        bool, typer.Option("--render", help="Open pages in a browser, for sites that need JavaScript.")
    ] = False,
    engine: Annotated[str, typer.Option(help="Who fetches the pages: builtin or firecrawl.")] = "builtin",
    ignore_robots: Annotated[bool, typer.Option("--ignore-robots", help="For your own site only.")] = False,
    user: Annotated[str | None, typer.Option(help="Sign in with this name; the password is asked for.")] = None,
    bearer: Annotated[bool, typer.Option("--bearer", help="Sign in with a token, which is asked for.")] = False,
    accept_removals: Annotated[
        bool, typer.Option("--accept-removals", help="Remove what is gone, even if little of the site is left.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take a site or wiki into a knowledge base; crawled again, only what changed is done again."""
    site = {
        "urls": [url],
        "include": include or [],
        "exclude": exclude or [],
        "max_pages": max_pages,
        "max_depth": max_depth,
        "below_start": not whole_host,
        "is_internal": _is_private(url) if internal is None else internal,
        "obeys_robots": not ignore_robots,
        "renders": render,
        "engine": engine,
        "schedule": {"cron": every, "time_zone": time_zone} if every else None,
        "sign_in": _ask_sign_in(user, bearer=bearer),
    }

    async def run(api: Api, settings: Settings) -> None:
        name = kb or settings.ingest.knowledge_base
        source = await api.post(f"/knowledge-bases/{quote(name, safe='')}/sites", site)
        await _check(api, source["id"], accept_removals=accept_removals, as_json=as_json)

    run_command(run)


@cli.command()
def check(
    source_id: str,
    accept_removals: Annotated[
        bool, typer.Option("--accept-removals", help="Remove what is gone, even if little of the site is left.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look at a source now."""

    async def run(api: Api, _settings: Settings) -> None:
        await _check(api, source_id, accept_removals=accept_removals, as_json=as_json)

    run_command(run)


@cli.command()
def schedule(
    source_id: str,
    every: Annotated[str, typer.Argument(help="hourly, nightly, weekly, never or a cron expression.")],
    time_zone: TimeZone = "UTC",
    as_json: Json = False,
) -> None:
    """Change when a source is looked at."""
    _change(source_id, {"schedule": {"cron": every, "time_zone": time_zone}}, as_json=as_json)


@cli.command()
def pause(source_id: str, as_json: Json = False) -> None:
    """Leave a source alone until `resume`; its documents stay."""
    _change(source_id, {"is_paused": True}, as_json=as_json)


@cli.command()
def resume(source_id: str, as_json: Json = False) -> None:
    """Look at a source by its schedule again."""
    _change(source_id, {"is_paused": False}, as_json=as_json)


@cli.command()
def runs(source_id: str, as_json: Json = False) -> None:
    """List the newest runs of a site."""

    async def run(api: Api, _settings: Settings) -> None:
        show.print_runs(await api.get(f"/sources/{source_id}/runs"), as_json=as_json)

    run_command(run)


@cli.command()
def changes(
    run_id: str,
    url: Annotated[str | None, typer.Argument(help="Show how this page's text changed.")] = None,
    as_json: Json = False,
) -> None:
    """List the pages that a run found new, changed, gone or failing; or how one of them changed."""

    async def run(api: Api, _settings: Settings) -> None:
        if url:
            typer.echo(await api.get_text(f"/runs/{run_id}/diff", url=url))
        else:
            show.print_run_pages(await api.get(f"/runs/{run_id}/pages"), as_json=as_json)

    run_command(run)


def _change(source_id: str, change: dict[str, Any], *, as_json: bool) -> None:
    async def run(api: Api, _settings: Settings) -> None:
        show.print_sources([await api.patch(f"/sources/{source_id}", change)], as_json=as_json)

    run_command(run)


async def _check(api: Api, source_id: str, *, accept_removals: bool, as_json: bool) -> None:
    """Look at a source and show what the look found. Ctrl-C leaves it running."""
    job = (await api.post(f"/sources/{source_id}/check", {"accepts_removals": accept_removals}))["job"]
    if job is None:
        source = await api.get(f"/sources/{source_id}")
        raise Rejected(source["error"] or "The source is being looked at already; see `cloister jobs`.")
    if (await api.get(f"/sources/{source_id}"))["kind"] == "folder":
        await follow(api, job, as_json=as_json)
        return
    path = f"/runs/{job['id']}"
    with show.run_progress(quiet=as_json) as update:
        while (run := await api.get(path))["state"] == "running":
            update(run)
            await asyncio.sleep(POLL_S)
    if run["error"]:
        raise CloisterError(run["error"])
    show.print_run(run, as_json=as_json)


def _is_private(url: str) -> bool:
    """Whether the address itself says that it is of this machine or the own network: then naming it is meaning it."""
    host = urlsplit(url).hostname or ""
    try:
        return host in LOOPBACK or not is_public(ip_address(host))
    except ValueError:
        return False


def _ask_sign_in(user: str | None, *, bearer: bool) -> dict[str, str] | None:
    if bearer:
        return {"bearer": typer.prompt("Token", hide_input=True, err=True)}
    if user:
        return {"user": user, "password": typer.prompt("Password", hide_input=True, err=True)}
    return None
