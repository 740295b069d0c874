"""HTML inside Markdown: blocks become Markdown, tags and comments in a line go, entities become their characters."""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
LINE_BREAK = re.compile(r"<br\b", re.IGNORECASE)
# Characters that would begin markup where the writer took care that they do not.
MARKUP: Final = frozenset("<|*_`\\[]#~")


def without_html(text: str, to_markdown: Callable[[str], str]) -> str:
    """The Markdown text with its HTML rewritten; code stays as it is."""
    if "<" not in text and "&" not in text:
        return text
    lines = text.split("\n")
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for token in tokens:
        if token.type == "inline" and token.map:
            _rewrite_lines(lines, token)
    for start, end in reversed(list(_html_spans(tokens, lines))):
        block = to_markdown("\n".join(lines[start:end]))
        lines[start:end] = _placed(block, before=lines[start - 1] if start else "", first=lines[start])
    return "\n".join(lines)


def _html_spans(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Half-open line spans of HTML blocks; blocks with only blank lines between them are one."""
    start, end = -1, -1
    for token in tokens:
        if token.type != "html_block" or not token.map:
            continue
        if start >= 0 and any(line.strip() for line in lines[end : token.map[0]]):
            yield start, end
            start = -1
        start = token.map[0] if start < 0 else start
        end = token.map[1]
    if start >= 0:
        yield start, end


def _placed(block: str, *, before: str, first: str) -> list[str]:
    """The block's lines, as deep as the first line of the HTML stood, so that they stay in their list item."""
    if not block:
        return []
    indent = first[: len(first) - len(first.lstrip())]
    return [*([""] if before.strip() else []), *(f"{indent}{line}".rstrip() for line in block.split("\n")), ""]


def _rewrite_lines(lines: list[str], token: Token) -> None:
    assert token.map is not None
    children = token.children or []
    codes = {child.content for child in children if child.type == "code_inline"}
    tags = {child.content for child in children if child.type == "html_inline"}
    start, end = token.map
    block = "\n".join(lines[start:end])
    for tag in tags:
        if not any(tag in code for code in codes):
            block = block.replace(tag, (" " if LINE_BREAK.match(tag) else "") + "\n" * tag.count("\n"))
    if not codes:
        block = ENTITY.sub(_character, block)
    lines[start:end] = block.split("\n")


def _character(entity: re.Match[str]) -> str:
    character = html.unescape(entity[0])
    return entity[0] if set(character) & MARKUP or not character.isprintable() else character
