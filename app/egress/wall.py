"""The wall: what Python looks up and connects to is held to the allow-list, whoever asks for it.

Once raised it stands until the process ends: an audit hook cannot be taken away. It sees every look-up and connection
that goes through Python's own sockets, those of libraries too. It does not see native code: engines in C++ or Rust and
other programs (docs/airgap.md says which, and what holds those).
"""

import _socket
import socket
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from app.egress.address_kinds import read_address
from app.egress.allow_list import AllowList, fold_name
from app.egress.attempts import Attempt, find_asker, tell
from app.errors import EgressRefused

# Between processes of this machine, or with its kernel.
_LOCAL_FAMILIES: Final = frozenset(
    int(getattr(socket, name)) for name in ("AF_UNIX", "AF_NETLINK", "AF_ALG") if hasattr(socket, name)
)
_INTERNET: Final = frozenset({int(socket.AF_INET), int(socket.AF_INET6)})
# The number; `socket.socket.family` makes an enum of it at each call.
_family_of: Final[Callable[[Any], int]] = _socket.socket.family.__get__
_standing: "list[Wall]" = []


def raise_wall(*, names_askers: bool = True) -> "Wall":
    """The wall of this process, raised at the first call. `names_askers`: also where asyncio looks names up in a
    thread, which needs asyncio.
    """
    if not _standing:
        wall = Wall(AllowList())
        _standing.append(wall)
        wall.stand(names_askers=names_askers)
    return _standing[0]


def find_wall() -> "Wall | None":
    """The wall of this process, if it was raised."""
    return _standing[0] if _standing else None


def require_allowed(host: str, port: int = 443) -> None:
    """For what connects in native code, which the wall does not see. Raises EgressRefused where it stands and the host
    is not on its list.
    """
    if wall := find_wall():
        wall.check_host(host, port)


class Wall:
    """Refuses by raising EgressRefused, and nothing else; whoever is refused is told to `app.egress.attempts`."""

    def __init__(self, allowed: AllowList) -> None:
        self.allowed = allowed

    def check_host(self, host: str, port: int) -> None:
        """Raises EgressRefused for a name or an address that is not on the list."""
        if is_literal(host):
            self._check_address(host, port)
        else:
            self._check_name(host, port)

    def stand(self, *, names_askers: bool) -> None:
        """Put the hook in place, and what it needs around it. For `raise_wall`."""
        checks: Mapping[str, Callable[[tuple[Any, ...]], None]] = {
            "socket.connect": self._check_contact,
            "socket.sendto": self._check_contact,
            "socket.sendmsg": self._check_contact,
            "socket.getaddrinfo": self._check_look_up,
            "socket.gethostbyname": self._check_look_up,
            "socket.gethostbyaddr": self._check_reverse,
            "socket.getnameinfo": lambda facts: self._check_reverse(facts[0]),
        }

        def hook(event: str, facts: tuple[Any, ...], checks: Any = checks) -> None:
            check = checks.get(event)
            if check is not None:
                check(facts)

        self._watch_answers()
        self._look_up_before_connecting()
        if names_askers:
            self._ask_before_the_thread()
        sys.addaudithook(hook)

    # --- what the hook asks --------------------------------------------------------------------

    def _check_contact(self, facts: tuple[Any, ...]) -> None:
        sock, address = facts
        if address is None or _family_of(sock) in _LOCAL_FAMILIES:
            return
        if _family_of(sock) not in _INTERNET:
            raise self._refused(f"socket family {_family_of(sock)}", 0)
        self._check_address(address[0] or "0.0.0.0", address[1])  # noqa: S104 - what an empty host stands for

    def _check_look_up(self, facts: tuple[Any, ...]) -> None:
        host = _as_text(facts[0])
        if host and not is_literal(host):
            self._check_name(host, _as_port(facts[1]) if len(facts) > 1 else 0)

    def _check_reverse(self, facts: tuple[Any, ...]) -> None:
        """To look an address up is to tell its name server about it."""
        self.check_host(_as_text(facts[0]), 0)

    def _check_name(self, host: str, port: int) -> None:
        if not self.allowed.allows_name(host):
            raise self._refused(host, port)

    def _check_address(self, address: str, port: int) -> None:
        if not self.allowed.allows_address(address):
            raise self._refused(address, port)

    def _refused(self, host: str, port: int, why: str = "") -> EgressRefused:
        tell(Attempt(host[:253], port, find_asker()))
        said = why or f"{host} is not on the list of what this service may connect to"
        return EgressRefused(
            f"{said}. Nothing was sent. If it is meant to be asked, name it in egress.allow.", host=host, port=port
        )

    # --- answers of look-ups -------------------------------------------------------------------

    def keep_allowed(self, host: str, port: int, addresses: list[str]) -> list[str]:
        """Those answers that may be connected to. Raises EgressRefused where none is."""
        kept = self.allowed.keep_allowed(host, addresses)
        if addresses and not kept:
            raise self._refused(host, port, f"{host} is at {addresses[0]}, where it may not be asked")
        return kept

    def _watch_answers(self) -> None:
        """The hook is asked before a look-up; which addresses an allowed name has, only the answer says."""
        get_all, get_one, get_extended = _socket.getaddrinfo, _socket.gethostbyname, _socket.gethostbyname_ex

        def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
            answers = get_all(host, *rest, **named)
            name = _as_text(host)
            if not name or is_literal(name):
                return answers
            kept = self.keep_allowed(name, 0, [str(each[4][0]) for each in answers])
            return [each for each in answers if each[4][0] in kept]

        def gethostbyname(host: str) -> str:
            address = get_one(host)
            return address if is_literal(host) else self.keep_allowed(host, 0, [address])[0]

        def gethostbyname_ex(host: str) -> Any:
            name, aliases, addresses = get_extended(host)
            kept = addresses if is_literal(host) else self.keep_allowed(host, 0, addresses)
            return name, aliases, kept

        _socket.getaddrinfo = getaddrinfo  # what socket.getaddrinfo calls
        for module in (_socket, socket):
            setattr(module, "gethostbyname", gethostbyname)  # noqa: B010 - the type checker is right, and we mean it
            setattr(module, "gethostbyname_ex", gethostbyname_ex)  # noqa: B010

    def _look_up_before_connecting(self) -> None:
        """A socket that is given a name looks it up in C, before the hook is asked. Here it is looked up first."""

        def looking_up(method: Any) -> Any:
            def call(sock: Any, *args: Any) -> Any:
                address = args[-1] if args else None
                if isinstance(address, tuple) and _family_of(sock) in _INTERNET and _is_name(address[0]):
                    found = socket.getaddrinfo(address[0], address[1], _family_of(sock), int(sock.type))
                    args = (*args[:-1], (found[0][4][0], *address[1:]))
                return method(sock, *args)

            return call

        for name in ("connect", "connect_ex", "sendto"):
            setattr(socket.socket, name, looking_up(getattr(socket.socket, name)))

    def _ask_before_the_thread(self) -> None:
        """asyncio looks names up in a thread, where nobody can see who asked."""
        from asyncio.base_events import BaseEventLoop

        look_up = BaseEventLoop.getaddrinfo

        async def getaddrinfo(loop: Any, host: Any, port: Any, **named: Any) -> Any:
            self._check_look_up((host, port))
            return await look_up(loop, host, port, **named)

        BaseEventLoop.getaddrinfo = getaddrinfo  # type: ignore[method-assign, assignment]


@lru_cache(4096)
def is_literal(host: str) -> bool:
    """Whether nothing needs to be looked up: an address, or what stands for one."""
    return host in ("", "<broadcast>") or read_address(host) is not None


def _is_name(host: Any) -> bool:
    return not is_literal(_as_text(host))


def _as_text(host: Any) -> str:
    if isinstance(host, bytes | bytearray):
        return host.decode("ascii", "replace")
    return fold_name(host) if isinstance(host, str) else ""


def _as_port(port: Any) -> int:
    return port if isinstance(port, int) else int(port) if isinstance(port, str | bytes) and port.isdigit() else 0
