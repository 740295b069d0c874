"""The allow-list: every host that this service may connect to, and why it is on the list."""

import re
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, Literal

from app.egress.address_kinds import Address, is_of_this_machine, is_public, read_address, unwrap

Network = IPv4Network | IPv6Network
Group = Literal["settings", "kept", "trial"]

# Longer than any library waits between looking a name up and connecting.
REMEMBERED_S: Final = 600.0
MOST_REMEMBERED: Final = 4096
THIS_MACHINE: Final = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})
_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*")


@dataclass(frozen=True, slots=True)
class Allowed:
    """A host, an address or a network that may be connected to.

    `reason`: the setting that names it, or what an admin made in the browser (`detail` is what that is called).
    `may_be_public`: whether a name may lead to a public address; what was added in the browser may not.
    """

    target: str
    reason: str
    detail: str = ""
    may_be_public: bool = True


@dataclass(frozen=True, slots=True)
class _Content:
    """The list as it is at one moment; exchanged as a whole, so that no reader waits."""

    names: dict[str, Allowed] = field(default_factory=dict)
    networks: tuple[Network, ...] = ()
    decided: dict[str, bool] = field(default_factory=dict)


class AllowList:
    """Loopback, and what was put on it, in groups that are exchanged as a whole. Threads may share it."""

    def __init__(self) -> None:
        self._groups: dict[Group, tuple[Allowed, ...]] = {}
        self._changing = threading.Lock()
        self._content = _Content()
        self._found: dict[str, tuple[str, float]] = {}

    @property
    def entries(self) -> list[Allowed]:
        """All of them, those of the settings first; loopback is not told."""
        order: tuple[Group, ...] = ("settings", "kept", "trial")
        return [each for group in order for each in self._groups.get(group, ())]

    def put(self, group: Group, entries: Iterable[Allowed]) -> None:
        """These entries in place of the ones in this group. What is no host at all leads nowhere, and is left out."""
        with self._changing:
            self._groups[group] = tuple(entries)
            self._content = _read(self.entries)

    def find_name(self, host: str) -> Allowed | None:
        """The entry by which a name may be looked up."""
        return self._content.names.get(fold_name(host))

    def allows_name(self, host: str) -> bool:
        """Whether a name may be looked up."""
        name = fold_name(host)
        return name in THIS_MACHINE or name in self._content.names

    def allows_address(self, address: str) -> bool:
        """Whether an address may be connected to: it is listed, or an allowed name was found to be there lately."""
        content = self._content
        decided = content.decided.get(address)
        if decided is None:
            decided = _decide(address, content.networks)
            if len(content.decided) < MOST_REMEMBERED:
                content.decided[address] = decided
        if decided:
            return True
        name, until = self._found.get(address, ("", 0.0))
        return until > time.monotonic() and name in content.names

    def keep_allowed(self, host: str, addresses: Sequence[str]) -> list[str]:
        """Those addresses of an allowed name that may be connected to; remembered for a while.

        What was allowed in the browser may be at private addresses only, and no name at one that is link-local,
        where clouds keep their metadata: whoever answers for a name must not choose what is reached by it.
        """
        entry = self.find_name(host)
        kept = [each for each in addresses if self.allows_address(each) or (entry and _may_be_at(each, entry))]
        if entry:
            self._remember(fold_name(host), kept)
        return kept

    def _remember(self, name: str, addresses: Iterable[str]) -> None:
        now = time.monotonic()
        if len(self._found) > MOST_REMEMBERED:
            self._found = {each: found for each, found in list(self._found.items()) if found[1] > now}
        for each in addresses:
            self._found[each] = (name, now + REMEMBERED_S)


def fold_name(host: str) -> str:
    """A name in its one form."""
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return host  # no name at all, and so on no list
    return host.rstrip(".").lower()


def read_target(text: str) -> str | Network:
    """A name, or the network that an address or a network is. Raises ValueError with what is wrong."""
    wanted = text.strip().strip("[]")
    try:
        return ip_network(wanted)
    except ValueError:
        pass
    name = fold_name(wanted)
    if "/" in wanted or not _NAME.fullmatch(name) or name.replace(".", "").isdigit():
        raise ValueError(
            f"“{text}” is no host, address or network; write it like wiki.internal, 10.1.2.3 or 10.1.0.0/16"
        )
    return name


def _find_target(text: str) -> str | Network | None:
    try:
        return read_target(text)
    except ValueError:
        return None


def _read(entries: Iterable[Allowed]) -> _Content:
    names: dict[str, Allowed] = {}
    networks: list[Network] = []
    for entry in entries:
        target = _find_target(entry.target)
        if target is None:
            continue
        if not isinstance(target, str):
            networks.append(target)
        # A name of the settings stays what it is when an admin names it in the browser as well.
        elif target not in names or entry.may_be_public:
            names[target] = entry
    return _Content(names, tuple(networks))


def _decide(text: str, networks: Iterable[Network]) -> bool:
    address = read_address(text)
    if address is None:
        return False
    forms: tuple[Address, ...] = (address, unwrap(address))
    return is_of_this_machine(address) or any(form in network for form in forms for network in networks)


def _may_be_at(text: str, entry: Allowed) -> bool:
    address = read_address(text)
    if address is None:
        return False
    plain = unwrap(address)
    if plain.is_link_local or plain.is_multicast or plain.is_unspecified:
        return False
    return entry.may_be_public or not is_public(plain)
