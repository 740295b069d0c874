"""How numbers, dates, quotes, pages and lists that go on are written."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NotationWords:
    locale: str
    date: str
    decimal: str
    thousands: str
    yes: str
    no: str
    quote: str
    page: str
    and_more: str


ENGLISH = NotationWords(
    locale="en_GB",
    date="%Y-%m-%d",
    decimal=".",
    thousands=",",
    yes="yes",
    no="no",
    quote="“{text}”",
    page="page {n}",
    and_more="… and {n} more.",
)

GERMAN = NotationWords(
    locale="de",
    date="%d.%m.%Y",
    decimal=",",
    thousands=".",
    yes="ja",
    no="nein",
    quote="„{text}“",
    page="Seite {n}",
    and_more="… und {n} weitere.",
)
