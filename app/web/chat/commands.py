"""What a person can ask for by a command, and what each one means for a question. Pure.

A command is chosen in the menu of the field for questions, or written before the question: “/web opening hours”.
"""

import re
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.domain import CallOrigin, FunctionName, ToolCall
from app.web.chat.markup import plain
from app.web.chat.words import Words


class CommandName(StrEnum):
    """What is written after the slash."""

    WEB = "web"
    TABLE = "table"
    KB = "kb"
    SPEAK = "speak"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a person may use: functions, knowledge bases by name, and whether answers are read aloud on command."""

    functions: frozenset[FunctionName] = frozenset()
    knowledge_bases: Sequence[str] = ()
    can_speak: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to answer. `wanted`: calls that the person asks for. `knowledge_bases`: None asks all."""

    text: str
    wanted: tuple[ToolCall, ...] = ()
    knowledge_bases: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """Nothing to answer: this is said instead, as Markdown."""

    text: str


@dataclass(frozen=True, slots=True)
class Speak:
    """What follows /speak; mostly nothing, which means the last answer."""

    text: str


Plan = Ask | Say | Speak


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `icon` is a name of lucide's. `is_offered`: whether the menu of somebody shows it."""

    icon: str
    describe: Callable[[Words], str]
    is_offered: Callable[[Offer], bool]
    plan: Callable[[str, Offer, Words], Plan]


def find_command(content: str, chosen: str | None) -> tuple[CommandName | None, str]:
    """The command of a message, and what follows it. `chosen`: that of the menu, which is not part of the text."""
    if chosen in set(CommandName):
        return CommandName(chosen), content.strip()
    if written := _WRITTEN.match(content):
        return CommandName(written[1].lower()), written[2].strip()
    return None, content


def plan_message(content: str, chosen: str | None, offer: Offer, words: Words) -> Plan:
    """What a message asks for; one without a command is a question as it stands."""
    name, text = find_command(content, chosen)
    return COMMANDS[name].plan(text, offer, words) if name else Ask(content)


def list_menu(offer: Offer, words: Words) -> list[dict[str, object]]:
    """The commands that somebody may use, as Chainlit's menu takes them."""
    return [
        {"id": name.value, "icon": each.icon, "description": each.describe(words), "button": False, "persistent": False}
        for name, each in COMMANDS.items()
        if each.is_offered(offer)
    ]


def _plan_web(text: str, offer: Offer, words: Words) -> Plan:
    address, *rest = text.split(maxsplit=1) if _ADDRESS.match(text) else ("", text)
    question = rest[0] if rest else ""
    if not _can_web(offer):
        return Say(words.commands.web_is_off)
    if address and not question:
        return Say(words.commands.web_page_how.format(url=plain(address)))
    if address:
        arguments = {"url": address, "looking_for": question}
        return Ask(question, (_call(FunctionName.OPEN_PAGE, arguments),))
    if not text:
        return Say(words.commands.web_how)
    return Ask(text, (_call(FunctionName.WEB_SEARCH, {"query": " ".join(text.split())}),))


def _plan_table(text: str, offer: Offer, words: Words) -> Plan:
    if FunctionName.QUERY_TABLE not in offer.functions:
        return Say(words.commands.table_is_off)
    if not text:
        return Say(words.commands.table_how)
    return Ask(text, (_call(FunctionName.QUERY_TABLE, {"question": text}),))


def _plan_kb(text: str, offer: Offer, words: Words) -> Plan:
    names = offer.knowledge_bases
    if not names:
        return Say(words.answer.nothing_to_read)
    found = find_knowledge_base(text, names)
    if found is None:
        return Say(_list_bases(words.commands.kb_unclear if text else words.commands.kb_list, names, words))
    name, question = found
    return Ask(question, knowledge_bases=(name,)) if question else Say(words.commands.kb_how.format(name=plain(name)))


def _plan_speak(text: str, offer: Offer, words: Words) -> Plan:
    return Speak(text) if offer.can_speak else Say(words.commands.speak_is_off)


def find_knowledge_base(text: str, names: Collection[str]) -> tuple[str, str] | None:
    """The knowledge base that a text begins with, and the question after it; None where that is not clear.

    A name may be cut short before a colon, as long as only one begins so.
    """
    for name in sorted(names, key=len, reverse=True):
        rest = text[len(name) :]
        if text[: len(name)].casefold() == name.casefold() and (not rest or rest[0] == ":" or rest[0].isspace()):
            return name, rest.lstrip().removeprefix(":").strip()
    begun, colon, question = text.partition(":")
    fitting = [name for name in names if begun.strip() and name.casefold().startswith(begun.strip().casefold())]
    return (fitting[0], question.strip()) if colon and len(fitting) == 1 else None


def _list_bases(sentence: str, names: Sequence[str], words: Words) -> str:
    rows = "\n".join(f"- {plain(name)}" for name in names)
    return f"{plain(sentence)}\n\n{rows}\n\n{words.commands.kb_how.format(name=plain(names[0]))}"


def _call(name: FunctionName, arguments: Mapping[str, str]) -> ToolCall:
    return ToolCall(uuid.uuid4().hex, name, MappingProxyType(dict(arguments)), CallOrigin.PERSON)


def _can_web(offer: Offer) -> bool:
    return FunctionName.WEB_SEARCH in offer.functions


_WRITTEN: Final = re.compile(rf"\s*/({'|'.join(CommandName)})(?=\s|$)(.*)", re.DOTALL | re.IGNORECASE)
_ADDRESS: Final = re.compile(r"https?://\S", re.IGNORECASE)

COMMANDS: Final[Mapping[CommandName, Command]] = MappingProxyType(
    {
        CommandName.WEB: Command("globe", lambda words: words.commands.web, _can_web, _plan_web),
        CommandName.TABLE: Command(
            "table",
            lambda words: words.commands.table,
            lambda offer: FunctionName.QUERY_TABLE in offer.functions,
            _plan_table,
        ),
        CommandName.KB: Command(
            "library", lambda words: words.commands.kb, lambda offer: len(offer.knowledge_bases) > 1, _plan_kb
        ),
        CommandName.SPEAK: Command(
            "volume-2", lambda words: words.commands.speak, lambda offer: offer.can_speak, _plan_speak
        ),
    }
)
"""In the order of the menu."""
