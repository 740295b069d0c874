"""`cloister`: every command is a call of the HTTP API, of the running service or of one in this process."""

from app.cli.commands import main

__all__ = ["main"]
