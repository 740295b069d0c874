"""What becomes of connections behind the wall, as one JSON object: a hook stays for good, so this is its own process.

No name is looked up in earnest: a resolver of our own stands where the machine's would.
"""

import _socket
import asyncio
import json
import socket
import sys
from collections.abc import Callable
from typing import Any

ADDRESS_BY_NAME = {
    "wiki.internal": "10.20.0.5",
    "rebound.internal": "8.8.8.8",
    "llm.example": "93.184.216.34",
    "localhost": "127.0.0.1",
}
LOOKED_UP: list[str] = []


def resolve(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> list[Any]:
    """In place of the machine's resolver."""
    sys.audit("socket.getaddrinfo", host, port, family, type, proto)
    LOOKED_UP.append(str(host))
    return [(socket.AF_INET, type or socket.SOCK_STREAM, 6, "", (ADDRESS_BY_NAME.get(str(host), str(host)), port))]


def outcome(attempt: Callable[[], Any]) -> str:
    """What a caller sees: the sentence of a refusal, or that it was let through."""
    from app.errors import EgressRefused

    try:
        attempt()
    except EgressRefused as exc:
        return str(exc)
    except (OSError, TimeoutError):
        return "let through"
    return "let through"


def udp(family: int = socket.AF_INET) -> socket.socket:
    """Connecting it sends nothing."""
    return socket.socket(family, socket.SOCK_DGRAM)


def attempts() -> dict[str, Callable[[], Any]]:
    """Everything that is tried."""
    return {
        "public address": lambda: udp().connect(("93.184.216.77", 443)),
        "public address, connect_ex": lambda: udp().connect_ex(("93.184.216.77", 443)),
        "IPv6": lambda: udp(socket.AF_INET6).connect(("2606:4700::1111", 443)),
        "mapped IPv6": lambda: udp(socket.AF_INET6).connect(("::ffff:93.184.216.77", 443)),
        "sendto": lambda: udp().sendto(b"x", ("93.184.216.77", 53)),
        "sendmsg": lambda: udp().sendmsg([b"x"], [], 0, ("93.184.216.77", 53)),
        "broadcast": lambda: udp().sendto(b"x", ("<broadcast>", 9)),
        "name": lambda: socket.getaddrinfo("collector.example.com", 443),
        "name as bytes": lambda: socket.getaddrinfo(b"collector.example.com", 443),
        "name, old call": lambda: socket.gethostbyname("collector.example.com"),
        "name given to a socket": lambda: udp().connect(("collector.example.com", 443)),
        "name given to sendto": lambda: udp().sendto(b"x", ("collector.example.com", 53)),
        "reverse": lambda: socket.gethostbyaddr("93.184.216.77"),
        "reverse, newer call": lambda: socket.getnameinfo(("93.184.216.77", 443), 0),
        "name in asyncio": lambda: asyncio.run(look_up_in_asyncio()),
        "unknown private address": lambda: udp().connect(("10.20.0.6", 80)),
        "metadata": lambda: udp().connect(("169.254.169.254", 80)),
        "raw socket of C": lambda: _socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("93.184.216.77", 1)),
        "rebound": lambda: socket.create_connection(("rebound.internal", 80), timeout=0.01),
        "loopback": lambda: udp().connect(("127.0.0.1", 80)),
        "loopback IPv6": lambda: udp(socket.AF_INET6).connect(("::1", 80)),
        "localhost": lambda: udp().connect(("localhost", 80)),
        "unix socket": lambda: socket.socket(socket.AF_UNIX).connect("/nowhere"),
        "listed network": lambda: udp().connect(("10.30.1.1", 80)),
        "internal name": lambda: udp().connect(("wiki.internal", 80)),
        "internal name's address": lambda: udp().connect(("10.20.0.5", 80)),
        "host of the settings": lambda: udp().connect(("llm.example", 443)),
        "added later": lambda: udp().connect(("10.40.0.1", 80)),
    }


async def look_up_in_asyncio() -> None:
    await asyncio.get_running_loop().getaddrinfo("collector.example.com", 443)


def main() -> None:
    _socket.getaddrinfo = resolve
    from app.egress.allow_list import Allowed
    from app.egress.attempts import ATTEMPTS
    from app.egress.wall import find_wall, raise_wall

    wall = raise_wall()
    assert raise_wall() is wall is find_wall(), "a second one"
    allowed = wall.allowed
    allowed.put("settings", [Allowed("llm.example", "generator.url"), Allowed("10.30.0.0/16", "egress.allow")])
    internal = [Allowed(name, "internal site", "", False) for name in ("wiki.internal", "rebound.internal")]
    allowed.put("kept", internal)
    outcomes = {}
    for name, attempt in attempts().items():
        if name == "added later":
            allowed.put("trial", [Allowed("10.40.0.1", "language model being tried")])
        outcomes[name] = outcome(attempt)
    told = []
    while not ATTEMPTS.empty():
        if each := ATTEMPTS.get():
            told.append([each.host, each.port, each.asked_by])
    print(json.dumps({"outcomes": outcomes, "told": told, "looked_up": LOOKED_UP}))


if __name__ == "__main__":
    main()
