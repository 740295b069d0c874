"""JSON as text that people can read and search: keys become headings and lines, lists of records become tables."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import Final

from app.domain import ParsedDocument
from app.errors import UnreadableDocument
from ingest.parse.encoding import NotTextError, decode
from ingest.parse.markdown import heading, table
from ingest.parse.media_type import MediaType

Scalar = str | int | float | bool | None
TITLE_KEYS: Final = ("title", "name")
DEEPEST_HEADING: Final = 6


def parse_json(path: Path, name: str) -> ParsedDocument:
    """JSON or JSON Lines. The title is its own “title” or “name”, else the file's: a key says less."""
    try:
        content = _content(decode(path.read_bytes()))
        text = "\n\n".join(_blocks(content, 2))
    except NotTextError as exc:
        raise UnreadableDocument(f"{name} is no text; save it as JSON in UTF-8 and add it again.") from exc
    except json.JSONDecodeError as exc:
        place = f"line {exc.lineno}, column {exc.colno}"
        raise UnreadableDocument(f"{name} is no valid JSON ({place}); repair it and add it again.") from exc
    except ValueError as exc:
        raise UnreadableDocument(
            f"{name} is no valid JSON (a number is too long); repair it and add it again."
        ) from exc
    except RecursionError as exc:
        raise UnreadableDocument(f"{name} is nested too deep to be read; flatten it and add it again.") from exc
    return ParsedDocument(text=text, media_type=MediaType.JSON, title=_title(content) or PurePath(name).stem)


def _content(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            return [json.loads(line) for line in lines] if len(lines) > 1 else json.loads(text)
        except json.JSONDecodeError:
            return json.loads(text)  # the first error is the one that tells where


def _title(content: object) -> str:
    if not isinstance(content, dict):
        return ""
    return next((shown(content[key]) for key in TITLE_KEYS if isinstance(content.get(key), str)), "")


def _blocks(value: object, level: int) -> Iterator[str]:
    """Blocks of text; `level` is that of the headings inside."""
    match value:
        case dict():
            yield from _object_blocks(value, level)
        case list():
            yield from _list_blocks(value, level)
        case _:
            yield shown(value)


def _object_blocks(value: dict[str, object], level: int) -> Iterator[str]:
    """What fits on a line comes first, so that it cannot seem to belong under a heading."""
    lines = [f"{shown(key)}: {line}" for key, inner in value.items() if (line := _line(inner)) is not None]
    if lines:
        yield "\n".join(lines)
    for key, inner in value.items():
        if _line(inner) is None:
            yield heading(shown(key), level)
            yield from _blocks(inner, min(level + 1, DEEPEST_HEADING))


def _list_blocks(value: Sequence[object], level: int) -> Iterator[str]:
    if rows := _records(value):
        yield table(rows)
        return
    items: list[str] = []
    for number, inner in enumerate(value, start=1):
        line = _line(inner)
        if line is not None:
            items.append(f"- {line}")
            continue
        if items:
            yield "\n".join(items)
            items = []
        yield heading(str(number), level)
        yield from _blocks(inner, min(level + 1, DEEPEST_HEADING))
    if items:
        yield "\n".join(items)


def _records(value: Sequence[object]) -> list[list[str]]:
    """Header and rows where all are flat objects; else nothing."""
    records = [record for record in value if isinstance(record, dict)]
    if not records or len(records) < len(value):
        return []
    if any(_line(inner) is None for record in records for inner in record.values()):
        return []
    keys = list(dict.fromkeys(key for record in records for key in record))
    return [[shown(key) for key in keys], *([_line(record.get(key, "")) or "" for key in keys] for record in records)]


def _line(value: object) -> str | None:
    """A scalar, or a short list of scalars, on one line; None for what needs more."""
    match value:
        case str() | int() | float() | None:
            return shown(value)
        case list() if all(isinstance(inner, Scalar) for inner in value):
            words = [shown(inner) for inner in value]
            return ", ".join(words) if all(len(word) <= 40 for word in words) else None
        case _:
            return None


def shown(value: object) -> str:
    """A scalar as JSON has it, strings without quotes and on one line."""
    if not isinstance(value, str):
        return json.dumps(value)
    # JSON can write halves of characters, which no other encoding can.
    return " ".join(value.encode("utf-8", "replace").decode().split())
