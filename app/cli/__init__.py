"""`cloister`: every command is a call of the HTTP API, of the running service or of one in this process."""

from app.cli import commands, generations, sign_in, sources  # noqa: F401 - they add their commands to `cli`
from app.cli.running import cli


def main() -> None:
    """The entry point of the `cloister` command."""
    cli()


__all__ = ["cli", "main"]
