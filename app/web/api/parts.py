"""Parts of long lists: where one begins, how many it has, and how many there are in all."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Query, Response

MOST: Final = 1_000
TOTAL: Final = "X-Total-Count"


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a list is asked for."""

    limit: int
    offset: int

    def note(self, response: Response, total: int) -> None:
        """Say in the answer's headers how long the whole list is: whoever got less asks on from there."""
        response.headers[TOTAL] = str(total)


def _part(
    limit: Annotated[int, Query(ge=1, le=MOST, description=f"at most so many; {TOTAL} says how many there are")] = MOST,
    # Databases take no larger number.
    offset: Annotated[int, Query(ge=0, le=2**31 - 1, description="leave out so many at the beginning")] = 0,
) -> Part:
    return Part(limit, offset)


PartOf = Annotated[Part, Depends(_part)]
