"""Lists on admin pages: search, sort and pages, all in the address, so that a list can be linked to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

T = TypeVar("T")
ROWS = 50


@dataclass(frozen=True, slots=True)
class Sorting:
    """By which column a list is sorted, and the addresses that sort it otherwise."""

    path: str
    key: str
    is_descending: bool
    kept: Mapping[str, str]

    def href(self, key: str) -> str:
        """The same list by another column; by the same one, the other way round."""
        turned = "" if key != self.key or self.is_descending else "-"
        return f"{self.path}?{urlencode({**self.kept, 'sort': turned + key})}"

    def aria(self, key: str) -> str:
        """For a column's aria-sort."""
        if key != self.key:
            return "none"
        return "descending" if self.is_descending else "ascending"


@dataclass(frozen=True, slots=True)
class Paging:
    """Where in a long list one is."""

    path: str
    number: int
    pages: int
    total: int
    kept: Mapping[str, str]

    def href(self, number: int) -> str:
        """Another page of the same list."""
        return f"{self.path}?{urlencode({**self.kept, 'page': str(number)})}"


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """One page of a list, found, sorted and cut."""

    rows: Sequence[T]
    search: str
    sorting: Sorting
    paging: Paging


def arrange(
    rows: Sequence[T],
    *,
    path: str,
    query: Mapping[str, str],
    columns: Mapping[str, Callable[[T], Any]],
    words: Callable[[T], str],
    first: str,
) -> Listed[T]:
    """Search, sort and cut a list by what the address says (`q`, `sort`, `page`).

    `columns`: what to sort by; `first` is the column, with a minus for the other way round, where none is named.
    `words`: what a row is searched by.
    """
    search = query.get("q", "").strip()
    found = [row for row in rows if search.lower() in words(row).lower()] if search else list(rows)
    named = query.get("sort", first)
    if named.removeprefix("-") not in columns:
        named = first
    key, is_descending = named.removeprefix("-"), named.startswith("-")
    found.sort(key=columns[key], reverse=is_descending)
    pages = max(1, -(-len(found) // ROWS))
    number = min(max(1, int(query["page"])) if query.get("page", "").isdigit() else 1, pages)
    others = {name: value for name, value in query.items() if name not in ("q", "sort", "page") and value}
    kept = {**others, **({"q": search} if search else {})}
    return Listed(
        found[(number - 1) * ROWS : number * ROWS],
        search,
        Sorting(path, key, is_descending, kept),
        Paging(path, number, pages, len(found), {**kept, "sort": named}),
    )
