"""Documents that a question names: by file name, by kind (“in the spreadsheet”), by date (“the reports from 2023”).

Only a plain reference to where the answer stands narrows a search: “How do I export a PDF?” asks about PDFs, not in
them. What names nothing that is there narrows nothing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.answer.text.dates import find_dates, parts_of_date
from app.db.documents import DocumentBrief, Hint

# More documents than this are no narrowing: the filter would cost more than it saves.
MOST_DOCUMENTS = 1_000

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    r"pdfs?(?:[- ](?:files?|documents?|dateien|datei|dokumenten?))?": ("application/pdf",),
    r"(?:spreadsheets?|excel(?:[- ](?:files?|sheets?|workbooks?|dateien|datei|tabellen?))?|kalkulationstabellen?)": (
        f"{_OFFICE}spreadsheetml.sheet",
        "application/vnd.ms-excel",
        f"{_OPEN}spreadsheet",
        "text/csv",
        "text/tab-separated-values",
    ),
    r"csvs?(?:[- ](?:files?|dateien|datei))?": ("text/csv", "text/tab-separated-values"),
    r"(?:slides?|slide decks?|presentations?|powerpoints?|folien|präsentation(?:en)?)": (
        f"{_OFFICE}presentationml.presentation",
        f"{_OPEN}presentation",
    ),
    r"word[- ](?:files?|documents?|dateien|datei|dokumente?n?)": (
        f"{_OFFICE}wordprocessingml.document",
        f"{_OPEN}text",
    ),
    r"(?:e-?mails?|mails)": ("message/rfc822", "application/vnd.ms-outlook"),
}
_WHERE = (
    r"\b(?:according to|in|from|within|inside|laut|gemäß|im|aus)\s+"
    r"(?:(?:the|our|my|these|those|all|any of the|der|dem|den|unseren?|unserem|meinen?|meinem|diesen?|diesem|allen)\s+)"
)
_KIND = tuple((re.compile(rf"{_WHERE}{kind}(?!\w|-\w)", re.IGNORECASE), types) for kind, types in _KINDS.items())
_DATED = re.compile(
    r"\b(?:documents?|files?|reports?|e-?mails?|notes?|minutes|filings?|invoices?|contracts?|policies|presentations?|"
    r"dokumente?n?|dateien?|berichte?n?|mails?|notizen|protokolle?n?|rechnung(?:en)?|verträge?n?|präsentation(?:en)?)\s+"
    r"(?:from|of|dated|written in|von|vom|aus)\s+(?:the year\s+|dem jahr\s+)?(?P<date>\S.*)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d(?![\w-])")
_FILE_NAME = re.compile(r"\w\.[a-z]\w{1,5}\b", re.IGNORECASE)
_LAST_WORD = re.compile(r"\w+\.[a-z]\w{1,5}\b", re.IGNORECASE)
# What any database makes small in the same way as Python: SQLite knows these letters only.
_PLAIN_END = re.compile(r"[\x00-\x7f]*$")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a question says about where to look.

    `name_ends`: how the file names that it may hold end. `date` is a reading as `find_dates` gives them, or a year.
    """

    name_ends: tuple[str, ...] = ()
    media_types: frozenset[str] = frozenset()
    date: str = ""

    def __bool__(self) -> bool:
        return bool(self.name_ends or self.media_types or self.date)


def narrow(question: str, list_briefs: Callable[[Hint], Sequence[DocumentBrief]]) -> frozenset[str] | None:
    """Ids of the documents that the question names; None where it names none, or too many to make a difference.

    `list_briefs` gives the readable documents for which a hint holds; it is asked only where some may be named.
    """
    scope = read_scope(question)
    matching = _named(question, list_briefs(Hint(name_ends=scope.name_ends))) if scope.name_ends else []
    if not matching and (scope.media_types or scope.date):
        hint = Hint(media_types=scope.media_types, year=_year_of(scope.date))
        matching = [each for each in list_briefs(hint) if _matches(each, scope)]
    return frozenset(each.id for each in matching) if 0 < len(matching) <= MOST_DOCUMENTS else None


def read_scope(question: str) -> Scope:
    """What the question says about the documents to look in."""
    types = [types for pattern, types in _KIND if pattern.search(question)]
    return Scope(
        name_ends=tuple(dict.fromkeys(map(_plain_end, _LAST_WORD.findall(question)))),
        media_types=frozenset(each for group in types for each in group),
        date=_read_date(question),
    )


def _plain_end(word: str) -> str:
    """The end of a name's last word as it is compared; without what may be written otherwise in the name (ß for ss)."""
    plain = _PLAIN_END.search(word.casefold())
    return plain.group().rpartition("ss")[2] if plain else ""


def _year_of(date: str) -> str:
    return "" if date.startswith("--") else date[:4]


def _read_date(question: str) -> str:
    match = _DATED.search(question)
    if match is None:
        return ""
    start = match.start("date")
    if year := _YEAR.match(question, start):
        return year.group()
    found = next((each for each in find_dates(question) if each.start == start), None)
    return min(found.readings) if found and len(found.readings) == 1 else ""


def _named(question: str, there: Sequence[DocumentBrief]) -> list[DocumentBrief]:
    """Documents whose whole file name stands in the question; of “report.pdf” and “2023 report.pdf” the longer one."""
    asked = question.casefold()
    inside = [each for each in there if _FILE_NAME.search(each.name) and _stands_in(each.name.casefold(), asked)]
    names = {each.name.casefold() for each in inside}
    longest = {name for name in names if not any(name != other and name in other for other in names)}
    return [each for each in inside if each.name.casefold() in longest]


def _stands_in(name: str, asked: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?!\w)", asked) is not None


def _matches(brief: DocumentBrief, scope: Scope) -> bool:
    is_kind = not scope.media_types or brief.media_type in scope.media_types
    return is_kind and (not scope.date or _bears(brief, scope.date))


def _bears(brief: DocumentBrief, date: str) -> bool:
    """Whether the document was written then, or says so in its name or title."""
    if brief.written_at and brief.written_at.isoformat().startswith(date):
        return True
    says = f"{brief.name} {brief.title}".replace("_", " ")
    if any(date in parts_of_date(reading) for found in find_dates(says) for reading in found.readings):
        return True
    return date.isdigit() and re.search(rf"(?<!\d){date}(?!\d)", says) is not None
