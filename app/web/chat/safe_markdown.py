"""Markdown that a language model wrote, so that showing it asks no other host and hides none. Pure.

A picture becomes its words and where it lies; a link says its host beside it; HTML is text; what else could load
something is taken apart. The page's content security policy is the second wall. The result is checked with a parser:
what the rewriting should ever leave is shown with all its marks escaped.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.token import Token

_PARSER: Final = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
# The parser's own check would drop links, and hide from us what another parser makes of them.
_PARSER.validateLink = lambda _: True  # type: ignore[method-assign, assignment]

_SCHEME: Final = re.compile(r"https?://(?=[^/?#])|mailto:(?=[^/?#])", re.IGNORECASE)
_AUTOLINK: Final = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>\x00-\x1f]*)>")
_EMAIL: Final = re.compile(r"<[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+>")
_CODE: Final = re.compile(r"(?P<marks>`+)(?!`)(?:(?!\n[ \t>]*\n)[\s\S])+?(?<!`)(?P=marks)(?!`)")
_TAIL: Final = re.compile(
    r"\(\s*(?:<(?P<angled>(?:\\.|[^<>\\\n])*)>|(?P<bare>(?:\\.|[^\s()\\]|\((?:\\.|[^\s()\\]|\((?:\\.|[^\s()\\])*\))*\))*))"
    r"(?:\s+(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|\((?:\\.|[^()\\])*\)))?\s*\)"
)
_REFERENCE: Final = re.compile(r"\[(?P<label>(?:\\.|[^\[\]\\]){0,999})\]")
# A name of somebody before the host of an address that the page makes into a link.
_DISGUISED: Final = re.compile(r"(?<![\w(<])https?://[^\s/?#<>()\[\]]*@[^\s<>()\[\]]+", re.IGNORECASE)
_LINE_START: Final = re.compile(r"(?:^|\n)[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*$")
_ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_MARKS: Final = re.compile(r"[\\`*_\[\]<>!|~#&]")
# Kept as they are in an address; all else is percent-encoded, so that every reader takes it for the same.
_KEPT: Final = "%/?#=&:;,+@!$'*~-._"
_DRAWN: Final = frozenset({"mermaid", "svg", "html", "dot", "graphviz", "plantuml", "vega", "vega-lite"})


# Without one of these a text holds no link, no picture and no HTML.
_RISKY: Final = re.compile(r"\][(\[:]|[<@]|```|~~~")
# Brackets in one part of a text, and in each other, beyond which nobody wrote it for people.
_MOST_BRACKETS: Final = 400
_DEEPEST: Final = 8


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be linked to, and what of it people see beside the link."""

    url: str
    host: str


def make_safe(text: str, picture: str = "picture at {host}, not loaded") -> str:
    """The Markdown with every picture and link taken apart as said above. Doing it again changes nothing.

    `picture`: what stands in place of a picture, after its words.
    """
    if not _RISKY.search(text):
        return text
    safe = _rewrite_all(text, picture)
    return safe if _is_safe(safe) else _escape(text)


class SafeStream:
    """The same for an answer that is still being written."""

    def __init__(self, picture: str) -> None:
        self._picture = picture
        self._written = ""
        self._shown = ""

    def feed(self, piece: str) -> tuple[str, bool]:
        """What to show after another piece, and whether it takes the place of all that was shown before."""
        self._written += piece
        before, self._shown = self._shown, make_safe(self._written, self._picture)
        if self._shown.startswith(before):
            return self._shown[len(before) :], False
        return self._shown, True

    def put(self, text: str) -> str:
        """Begin again with this text; returns what to show of it."""
        self._written, self._shown = text, make_safe(text, self._picture)
        return self._shown


def target_of(address: str) -> Target | None:
    """Where a written address leads; None where no link may lead there."""
    plain = re.sub(r"[\x00-\x20\x7f]+", "", html.unescape(_ESCAPED.sub(r"\1", address)))
    if not _SCHEME.match(plain):
        return None
    url = quote(plain, safe=_KEPT)
    try:
        split = urlsplit(url)
        host = split.path if split.scheme.lower() == "mailto" else split.hostname or ""
        port = split.port
    except ValueError:
        return None
    return Target(url, f"{host}:{port}" if port else host) if host else None


def _rewrite_all(text: str, picture: str) -> str:
    env: dict[str, Any] = {}
    tokens = _PARSER.parse(text, env)
    rewriter = _Rewriter({label: each["href"] for label, each in env.get("references", {}).items()}, picture)
    lines = text.split("\n")
    parts: list[str] = []
    at = 0
    for start, end, info in _code_lines(tokens):
        if start > at:
            parts.append(rewriter.rewrite("\n".join(lines[at:start])))
        code = lines[start:end]
        if info.split(" ")[0].lower() in _DRAWN:
            code[0] = code[0].replace(info, "text", 1)
        parts.append("\n".join(code))
        at = max(at, end)
    if at < len(lines):
        parts.append(rewriter.rewrite("\n".join(lines[at:])))
    return "\n".join(parts)


def _code_lines(tokens: list[Token]) -> Iterator[tuple[int, int, str]]:
    """(first line, line after the last, info) of every block of code."""
    for token in tokens:
        if token.type in ("fence", "code_block") and token.map:
            yield token.map[0], token.map[1], token.info.strip()


@dataclass(frozen=True, slots=True)
class _Rewriter:
    """`references`: addresses by label, as the parser normalises it."""

    references: Mapping[str, str]
    picture: str

    def rewrite(self, text: str, depth: int = 0) -> str:
        """The text, `depth` brackets deep, with its links and pictures taken apart."""
        if depth > _DEEPEST or text.count("[") > _MOST_BRACKETS:
            return _escape(text)
        out: list[str] = []
        at = 0
        while at < len(text):
            shown, at = self._step(text, at, depth)
            out.append(shown)
        return "".join(out)

    def _step(self, text: str, at: int, depth: int) -> tuple[str, int]:
        """(what to show, where to go on) from one character on."""
        match text[at]:
            case "\\":
                return text[at : at + 2], at + 2
            case "`":
                code = _CODE.match(text, at)
                end = code.end() if code else at + len(text[at:]) - len(text[at:].lstrip("`"))
                return text[at:end], end
            case "<":
                return self._angle(text, at)
            case "!" if text.startswith("[", at + 1):
                return self._picture_at(text, at, depth)
            case "[":
                return self._link_at(text, at, depth)
            case "h" | "H":
                return self._disguised(text, at)
            case other:
                return other, at + 1

    def _angle(self, text: str, at: int) -> tuple[str, int]:
        if email := _EMAIL.match(text, at):
            return email[0], email.end()
        link = _AUTOLINK.match(text, at)
        target = target_of(link[1]) if link else None
        if link is None:
            return "\\<", at + 1
        if target is None:
            scheme = link[1].partition(":")[0]  # a colon before a letter would be a directive
            return f"\\<{scheme}\\:", at + len(scheme) + 2
        return (
            self._beside(f"<{target.url}>", target, text, link.end())
            if "@" in target.url
            else (
                f"<{target.url}>",
                link.end(),
            )
        )

    def _disguised(self, text: str, at: int) -> tuple[str, int]:
        found = _DISGUISED.match(text, at)
        target = target_of(found[0]) if found else None
        if found is None or target is None:
            return text[at], at + 1
        return self._beside(found[0], target, text, found.end())

    def _picture_at(self, text: str, at: int, depth: int) -> tuple[str, int]:
        close = _closing(text, at + 1)
        tail = self._tail(text, at + 1, close)
        if tail is None:
            return "!", at + 1
        address, end = tail
        words = self.rewrite(text[at + 2 : close], depth + 1).strip()
        target = target_of(address)
        said = self.picture.format(host=target.host if target else "?")
        return f"{words} ({said})" if words else f"({said})", end

    def _link_at(self, text: str, at: int, depth: int) -> tuple[str, int]:
        close = _closing(text, at)
        if close > 0 and text.startswith(":", close + 1) and _LINE_START.search(text[:at]):
            return f"{text[at : close + 1]}\\:", close + 2  # no address can be kept for later
        tail = self._tail(text, at, close)
        if tail is None:
            return "[", at + 1
        address, end = tail
        label = text[at + 1 : close]
        words, target = self.rewrite(label, depth + 1), target_of(address)
        if label.isdigit():  # looks like a reference to a passage, and leads to one
            return f"[{label}]", end
        if target is None:
            return words, end
        if _has_link(words):
            return f"\\[{words}\\]({address.replace('<', '')})", end
        if words.strip() == target.url:
            return f"[{words}]({target.url})", end
        return self._beside(f"[{words}]({target.url})", target, text, end)

    def _beside(self, link: str, target: Target, text: str, end: int) -> tuple[str, int]:
        """A link with its host after it, unless that stands there already."""
        said = f" ({target.host})"
        return (link if text.startswith(said, end) else f"{link}{said}"), end

    def _tail(self, text: str, at: int, close: int) -> tuple[str, int] | None:
        """(address, end) of what makes the brackets from `at` to `close` a link or a picture."""
        if close < 0:
            return None
        if inline := _TAIL.match(text, close + 1):
            return inline["angled"] if inline["angled"] is not None else inline["bare"], inline.end()
        reference = _REFERENCE.match(text, close + 1)
        own = text[at + 1 : close]
        label = reference["label"] if reference and reference["label"].strip() else own
        address = None if own.isdigit() or label.isdigit() else self.references.get(normalizeReference(label))
        if address is not None:
            return address, reference.end() if reference else close + 1
        return None


def _escape(text: str) -> str:
    """The text with every mark shown as it is; marks that are escaped already stay so."""
    return _MARKS.sub(r"\\\g<0>", _ESCAPED.sub(r"\1", text))


def _closing(text: str, at: int) -> int:
    """Where the bracket that opens at `at` is closed; -1 where it is not, within its paragraph."""
    depth = 0
    while at < len(text):
        character = text[at]
        if character == "\\":
            at += 2
            continue
        if character == "`" and (code := _CODE.match(text, at)):
            at = code.end()
            continue
        if character == "\n" and not text[at + 1 :].split("\n", 1)[0].strip(" \t>"):
            return -1
        depth += (character == "[") - (character == "]")
        if depth == 0:
            return at
        at += 1
    return -1


def _has_link(markdown: str) -> bool:
    return any(child.type == "link_open" for token in _PARSER.parse(markdown) for child in token.children or ())


def _is_safe(text: str) -> bool:
    """Whether a parser finds no picture in a text, and beside each link the host that it leads to."""
    env: dict[str, Any] = {}
    tokens = _PARSER.parse(text, env)
    if any(not label.isdigit() for label in env.get("references", {})):
        return False
    return all(_is_safe_inline(token.children or []) for token in tokens if token.type == "inline")


def _is_safe_inline(children: list[Token]) -> bool:
    for n, child in enumerate(children):
        if child.type == "image" or child.type == "html_inline":
            return False
        if child.type == "link_open":
            target = target_of(str(child.attrs.get("href", "")))
            close = next(m for m in range(n, len(children)) if children[m].type == "link_close")
            words = "".join(each.content for each in children[n + 1 : close])
            after = "".join(each.content for each in children[close + 1 : close + 3])
            if target is None or not (child.markup == "autolink" or words == target.url or target.host in after):
                return False
    return True
