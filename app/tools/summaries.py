"""One line on what a call gave, for people."""


def count_of(n: int, noun: str) -> str:
    """How many there are: "1 page", "3 pages"."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
