"""`cloister`: every command is a call of the HTTP API, of the running service or of one in this process."""

from contextlib import suppress

from app.cli import backup, commands, generations, sign_in, sources, work  # noqa: F401 - they add their commands to `cli`
from app.cli.airgap import command  # noqa: F401 - as well
from app.cli.running import cli
from app.egress.silence import silence_libraries
from app.errors import SettingsError
from app.settings import load_settings, open_allow_list


def main() -> None:
    """The entry point of the `cloister` command. Before any engine is imported, libraries are told to keep quiet, and
    held to the list where the settings say so.
    """
    silence_libraries()
    with suppress(SettingsError):  # the command reads them too, and says what is wrong
        open_allow_list(load_settings())
    cli()


__all__ = ["cli", "main"]
