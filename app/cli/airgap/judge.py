"""What of all that was seen lies outside the list."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from app.cli.airgap.trace import NAME_SERVICE_PORT, Contact, Trace
from app.db.egress_refusals import Refusal
from app.egress.allow_list import AllowList

# What a browser makes up itself, and asks nobody for.
_MADE_UP: Final = frozenset({"data", "blob", "about", "chrome", "chrome-extension"})


@dataclass(frozen=True, slots=True)
class Watcher:
    """One way of watching, and whether it was there; `note` says what it saw, or why it was absent."""

    name: str
    is_present: bool
    note: str


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the journey. `problem`: why it did not come to its end; "" where it did."""

    name: str
    seconds: float
    problem: str = ""


@dataclass(slots=True)
class Seen:
    """Everything that was watched. `pages`: hosts that the browser's pages asked, with their port."""

    watchers: list[Watcher] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    trace: Trace = field(default_factory=Trace)
    refusals: Sequence[Refusal] = ()
    pages: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something outside: `seen_by` is the watcher, `who` the process or the module, `what` the address or name."""

    seen_by: str
    who: str
    what: str
    count: int


def find_outside(seen: Seen, allowed: AllowList) -> list[Finding]:
    """All that lies outside the list, whether it was reached, tried, or refused."""
    trace = seen.trace
    names = {(who, name) for who, name in trace.looked_up if not allowed.allows_name(name)}
    found = [Finding("strace", who, f"look-up of {name}", trace.looked_up[who, name]) for who, name in sorted(names)]
    found += [
        Finding("strace", each.process, f"{each.address}:{each.port}", count)
        for each, count in sorted(trace.contacts.items())
        if not _is_inside(each, trace, allowed)
    ]
    found += [
        Finding("wall", each.asked_by, f"{each.host}:{each.port}" if each.port else each.host, each.count)
        for each in seen.refusals
    ]
    found += [
        Finding("browser", "a page", host, count)
        for host, count in sorted(seen.pages.items())
        if not allowed.allows_name(host_name(host)) and not allowed.allows_address(host_name(host))
    ]
    return found


def host_name(host: str) -> str:
    """A host without its port."""
    return urlsplit(f"//{host}").hostname or host


def count_hosts(urls: Iterable[str]) -> Counter[str]:
    """The hosts of what pages asked for, with their ports."""
    parts = map(urlsplit, urls)
    return Counter(each.netloc for each in parts if each.scheme not in _MADE_UP)


def _is_inside(contact: Contact, trace: Trace, allowed: AllowList) -> bool:
    if allowed.allows_address(contact.address):
        return True
    if contact.port != NAME_SERVICE_PORT:
        return False
    # A name server may be asked for names that are on the list, and for no other.
    asked = [name for who, name in trace.looked_up if who == contact.process]
    return bool(asked) and all(map(allowed.allows_name, asked))
