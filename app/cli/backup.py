"""`cloister backup`, `cloister restore` and `cloister downgrade`.

They read and write the stores themselves, whether or not a service runs: a backup must not hang on a service that can
answer, and what it holds (all documents, everybody's chats, hashes of passwords, the key of what is sealed) is for
whoever has the machine, not for whoever holds an admin's key (decision 40).
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from app.cli import show_backup
from app.cli.connection import find_service
from app.cli.running import USERS_MISTAKE, Json, cli, read_settings
from app.errors import CloisterError, NotFound, Rejected, SettingsError
from app.settings import Settings


@cli.command()
def backup(
    file: Annotated[
        Path, typer.Argument(help="The file to write; one that is there is replaced when the new is whole.")
    ],
    encrypt: Annotated[bool, typer.Option("--encrypt", help="Encrypt it with a passphrase.")] = False,
    as_json: Json = False,
) -> None:
    """Write everything that cannot be made again to one file, while the service goes on working.

    Documents, people, chats, settings chosen in the browser and vectors are in it; models and logs are not. With
    CLOISTER_BACKUP_PASSPHRASE it is always encrypted.
    """
    settings = read_settings()
    passphrase = settings.backup_passphrase.get_secret_value()
    if encrypt and not passphrase:
        passphrase = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    with _sentences():
        from app.backup.take import take
        from app.bootstrap import build_place

        place = build_place(settings)
        try:
            with show_backup.progress(quiet=as_json) as report:
                taken = take(place, file, passphrase or None, report)
        finally:
            place.database.close()
        show_backup.print_taken(taken, as_json=as_json)


@cli.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `cloister backup` wrote.", exists=True, dir_okay=False)],
    check_only: Annotated[bool, typer.Option("--check", help="Only read it and say whether it is whole.")] = False,
    as_json: Json = False,
) -> None:
    """Put a backup into an empty data folder, and into the Postgres and Qdrant that the settings name.

    The file is checked to its end before anything is written. The index is built from the vectors in it; no document is
    read or embedded again.
    """
    settings = read_settings()
    with _sentences():
        from app.backup.archive import is_encrypted
        from app.backup.check import check

        passphrase = settings.backup_passphrase.get_secret_value()
        if is_encrypted(file) and not passphrase:
            passphrase = typer.prompt("Passphrase", hide_input=True, err=True)
        with show_backup.progress(quiet=as_json) as report:
            if check_only:
                manifest = check(file, passphrase, lambda stage, done: report(stage, done, 0)).manifest
                chunks = None
            else:
                from app.backup.restore import restore as put_back
                from app.bootstrap import build_target

                restored = put_back(file, passphrase, build_target(settings), report)
                manifest, chunks = restored.manifest, restored.chunks
        show_backup.print_restored(manifest, settings.data_dir, chunks, as_json=as_json)


@cli.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="The revision that the older version works with, e.g. 0008.")],
    backed_up: Annotated[bool, typer.Option("--backed-up", help="A backup was taken; needed on Postgres.")] = False,
) -> None:
    """Bring the database back to what an older version of Cloister works with, before that version is started.

    What the older version has no place for is dropped. An SQLite file is copied first.
    """
    settings = read_settings()
    with _sentences():
        _require_nobody(settings)
        from app.bootstrap import build_place

        database = build_place(settings).database
        if database.file is None and not backed_up:
            raise Rejected(
                "What the older version has no place for will be dropped. Take a backup with `cloister backup` first, "
                "and then say --backed-up. Nothing was changed."
            )
        copy = database.downgrade(revision)
        database.close()
        typer.echo(f"The database is at revision {revision}." + (f" How it was is kept in {copy}" if copy else ""))


def _require_nobody(settings: Settings) -> None:
    if running := asyncio.run(find_service(settings.data_dir)):
        raise Rejected(f"Cloister runs on this data folder, at {running}; stop it first. Nothing was changed.")


@contextmanager
def _sentences() -> Iterator[None]:
    """An error of ours is one sentence on stderr and an exit code."""
    try:
        yield
    except CloisterError as exc:
        typer.echo(str(exc), err=True)
        raise typer.Exit(USERS_MISTAKE if isinstance(exc, Rejected | NotFound | SettingsError) else 1) from exc
