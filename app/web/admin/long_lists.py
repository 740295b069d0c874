"""Lists that the database cuts, and pages that follow what they show until it has moved on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Generic, TypeVar

from fastapi import Request, Response

from app.web.admin.lists import ROWS, Paging

T = TypeVar("T")
# What a page that follows something adds to its address: the state that it shows.
LIVE: Final = "live"


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """One page of a long list."""

    part: T
    paging: Paging


def page_of(
    read: Callable[[int, int], T], count: Callable[[T], int], *, path: str, number: int, kept: Mapping[str, str]
) -> Part[T]:
    """Read one page of a list. `read`: by limit and offset; `count`: how long the whole list is, told by a page of it.

    Beyond the end it is the last page. `kept`: what else the addresses of the other pages say.
    """
    number = max(1, number)
    part = read(ROWS, (number - 1) * ROWS)
    total = count(part)
    pages = max(1, -(-total // ROWS))
    if number > pages:
        return page_of(read, count, path=path, number=pages, kept=kept)
    said = {name: value for name, value in kept.items() if value}
    return Part(part, Paging(path, number, pages, total, said))


def refresh_if_moved(request: Request, state: str) -> Response | None:
    """For a page that asks again and again what became of it: once the state is another one, it is to be loaded anew,
    with the buttons that belong there. None: it is as it was, or nobody follows it.
    """
    shown = request.query_params.get(LIVE)
    if shown is None or shown == state:
        return None
    return Response(status_code=HTTPStatus.NO_CONTENT, headers={"hx-refresh": "true"})
