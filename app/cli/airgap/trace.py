"""What strace wrote: which process contacted which address, looked which name up, and what it was.

Lines come as the kernel was asked, mixed from many threads; a call may be parted in two ("unfinished", "resumed").
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

CALLS: Final = "connect,sendto,sendmsg,sendmmsg,bind,execve,clone,clone3,fork,vfork"
NAME_SERVICE_PORT: Final = 53
# A helper of the machine that looks names up for others; whom it asks is not seen.
RESOLVERS: Final = ("/run/systemd/resolve/io.systemd.Resolve",)
_LINE: Final = re.compile(r"(\d+)(?:<[^>]*>)? +(?:<\.\.\. )?(\w+)(?: resumed>|\()(.*)")
_INTERNET: Final = re.compile(
    r'sa_family=AF_INET6?, sin6?_port=htons\((\d+)\)[^}]*?(?:inet_addr\(|inet_pton\(AF_INET6, )"([^"]+)"'
)
_UNIX: Final = re.compile(r'sa_family=AF_UNIX, sun_path=@?"([^"]*)"')
_BORN: Final = re.compile(r"\) += (\d+)")
_PROGRAM: Final = re.compile(r'"([^"]*)", \[(.*?)\](?:\.\.\.)?, ')
_ARGUMENT: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PAYLOAD: Final = re.compile(r'(?:iov_base=|^\d+, )"((?:[^"\\]|\\.)*)"')
_DESCRIPTOR: Final = re.compile(r"(\d+)")
_BIRTHS: Final = frozenset({"clone", "clone3", "fork", "vfork"})
_SENDING: Final = frozenset({"sendto", "sendmsg", "sendmmsg"})


@dataclass(frozen=True, slots=True, order=True)
class Contact:
    """An address that a process connected or sent to. `process`: what runs in it."""

    process: str
    address: str
    port: int


@dataclass(slots=True)
class Trace:
    """All of it, counted. `looked_up`: by process and name. `listened`: addresses that were bound, with their port."""

    contacts: Counter[Contact] = field(default_factory=Counter)
    looked_up: Counter[tuple[str, str]] = field(default_factory=Counter)
    listened: Counter[Contact] = field(default_factory=Counter)
    programs: Counter[str] = field(default_factory=Counter)


def read_trace(lines: Iterable[str]) -> Trace:
    """Everything that the lines tell. A line that is none of ours is passed over."""
    reading = _Reading()
    for line in lines:
        if found := _LINE.match(line):
            reading.take(int(found[1]), found[2], found[3])
    return reading.told()


@dataclass(slots=True)
class _Reading:
    """Who is who is only known at the end: a child may act before its parent's call has returned."""

    seen: Counter[tuple[int, str, int]] = field(default_factory=Counter)
    bound: Counter[tuple[int, str, int]] = field(default_factory=Counter)
    asked: Counter[tuple[int, str]] = field(default_factory=Counter)
    parent_by_child: dict[int, int] = field(default_factory=dict)
    name_by_process: dict[int, str] = field(default_factory=dict)
    # Descriptors that were last connected to a name server.
    asking: set[tuple[int, int]] = field(default_factory=set)

    def take(self, process: int, call: str, rest: str) -> None:
        if call in _BIRTHS and (born := _BORN.search(rest)):
            self.parent_by_child[int(born[1])] = process
        elif call == "execve":
            self._rename(process, rest)
        elif call == "bind":
            self.bound.update((process, address, port) for address, port in _addresses(rest) if port)
        elif call == "connect" or call in _SENDING:
            self._contact(process, call, rest)

    def told(self) -> Trace:
        trace = Trace(programs=Counter(self.name_by_process.values()))
        for (process, address, port), count in self.seen.items():
            trace.contacts[Contact(self._name(process), address, port)] += count
        for (process, address, port), count in self.bound.items():
            trace.listened[Contact(self._name(process), address, port)] += count
        for (process, name), count in self.asked.items():
            trace.looked_up[self._name(process), name] += count
        return trace

    def _rename(self, process: int, rest: str) -> None:
        # Programs are looked for in every folder of the path; only what is there runs.
        if (program := _PROGRAM.search(rest)) and "= -1" not in rest:
            self.name_by_process[process] = name_program(program[1], _ARGUMENT.findall(program[2]))

    def _contact(self, process: int, call: str, rest: str) -> None:
        found = list(_addresses(rest))
        self.seen.update((process, address, port) for address, port in found)
        for path in _UNIX.findall(rest):
            if path in RESOLVERS:
                self.asked[process, f"(a name asked of {path})"] += 1
        descriptor = _DESCRIPTOR.match(rest)
        place = (process, int(descriptor[1]) if descriptor else -1)
        if call == "connect":
            (self.asking.add if _is_name_server(found) else self.asking.discard)(place)
        elif place in self.asking or _is_name_server(found):
            for payload in _PAYLOAD.findall(rest):
                if name := read_question(payload):
                    self.asked[process, name] += 1

    def _name(self, process: int) -> str:
        seen: set[int] = set()
        while process not in self.name_by_process and process in self.parent_by_child and process not in seen:
            seen.add(process)
            process = self.parent_by_child[process]
        return self.name_by_process.get(process, f"process {process}")


def name_program(path: str, arguments: list[str]) -> str:
    """What people call it: the module or the script that an interpreter runs, else the program."""
    program = PurePath(path).name
    if not program.startswith("python"):
        return program
    given = iter(arguments[1:])
    for each in given:
        if each == "-m":
            return next(given, program)
        if each == "-c":
            return "cloister" if "app.cli" in next(given, "") else program
        if not each.startswith("-"):
            return PurePath(each).name
    return program


def read_question(payload: str) -> str | None:
    """The name that a DNS query asks about; None for what is no query. `payload` is written as strace does."""
    try:
        packet = ast.literal_eval(f'b"{payload}"')
    except (SyntaxError, ValueError):
        return None
    if len(packet) < 17 or packet[2] & 0x80 or packet[4:6] == b"\0\0":
        return None
    labels, at = [], 12
    while at < len(packet) and 0 < packet[at] < 64:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode("ascii", "replace"))
        at += 1 + packet[at]
    return ".".join(labels).lower() or None


def _addresses(rest: str) -> Iterable[tuple[str, int]]:
    return ((address, int(port)) for port, address in _INTERNET.findall(rest))


def _is_name_server(found: list[tuple[str, int]]) -> bool:
    return any(port == NAME_SERVICE_PORT for _, port in found)
