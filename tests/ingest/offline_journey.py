"""The first minutes on the command line, in one process: ingest, search, ask.

`python -m tests.ingest.offline_journey LOG DOCUMENT…` writes a line to LOG for each host that is contacted or
looked up, and prints the three JSON documents with SEPARATOR after each.
"""

import os
import sys
import time
from typing import Any

CONTACT = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
LOOKUP = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
SEPARATOR = "\x1e"
# Libraries that report home do so from a thread, seconds after their first use.
PATIENCE_S = 8
QUESTION = "How often does the board review the level of risk?"


def main() -> None:
    log_path, *documents = sys.argv[1:]
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def watch(event: str, facts: tuple[Any, ...]) -> None:
        if event in LOOKUP:
            os.write(log, f"{facts[0]}\n".encode())
        elif event in CONTACT and isinstance(facts[1], tuple):  # a Unix socket's address is no tuple
            os.write(log, f"{facts[1][0]}\n".encode())

    sys.addaudithook(watch)  # before anything of ours, or of a vendor, is imported
    from app.cli import cli

    for command in (["ingest", *documents], ["search", QUESTION], ["ask", QUESTION]):
        cli([*command, "--json"], standalone_mode=False)
        sys.stdout.write(SEPARATOR)
    time.sleep(PATIENCE_S)


if __name__ == "__main__":
    main()
