"""PDF: pdfium for text and positions, pdfplumber for ruled tables, OCR for pages without text."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import Final

import pypdfium2 as pdfium  # type: ignore[import-untyped]

from app.domain import Attachment, ParsedDocument
from app.errors import UnreadableDocument
from ingest.parse.attachments import unpack
from ingest.parse.detect import MediaType
from ingest.parse.hidden import Unseen, locate
from ingest.parse.layout import PageLine, PageLines, compose
from ingest.parse.layout.tables import with_headers
from ingest.parse.ocr import ocr_picture
from ingest.parse.options import ParseOptions, Report
from ingest.parse.page_warnings import list_warnings
from ingest.parse.pdf_open import find_password, open_pdf, render, scale_within
from ingest.parse.pdf_read import PDFIUM_LOCK, RawPage, read_page
from ingest.parse.pdf_tables import with_tables
from ingest.parse.pdf_unstructured import partition_pages

# A scanned page may carry a stamped page number; that is not its text.
LEAST_LETTERS: Final = 12
MOST_GARBAGE: Final = 0.3
# A poster at 200 dpi would need gigabytes.
MOST_PIXELS: Final = 40_000_000
GARBAGE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")
# What programs write where a person wrote nothing.
TOOL_VALUE = re.compile(
    r"Microsoft \w+ - |PowerPoint Presentation$|untitled|Slide 1$|\(?(?:anonymous|unspecified|unknown)\)?$"
    r"|.*\.(?:docx?|pptx?|xlsx?|indd|dvi|tex|qxd)$",
    re.IGNORECASE,
)
RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
PDF_DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([+-])(\d\d)'?(\d\d)?)?")


def parse_pdf(path: Path, name: str, options: ParseOptions, report: Report) -> ParsedDocument:
    """Parse a PDF. Raises UnreadableDocument when it is broken, protected, too long or without any text."""
    with open_pdf(path, name, options.passwords) as pdf:
        _refuse_too_many(pdf, name, options)
        hidden: list[Unseen] = []
        read = list(_read_pages(pdf, path, name, options, report, hidden))
        facts = _facts(pdf)
        attachments = _attachments(pdf, options.workspace)
    pages = with_headers([page for page, _ in read])
    if not any(page.lines for page in pages):
        raise UnreadableDocument(f"{name} {_no_text_sentence(options)}")
    text, spans = compose(pages)
    empty = [number for number, (page, has_marks) in enumerate(read, start=1) if has_marks and not page.lines]
    return ParsedDocument(
        text=text,
        media_type=MediaType.PDF,
        title="" if TOOL_VALUE.match(facts["Title"]) else facts["Title"],
        author="" if TOOL_VALUE.match(facts["Author"]) else facts["Author"],
        created_at=parse_date(facts["CreationDate"]),
        pages=spans,
        attachments=attachments,
        warnings=list_warnings(pages, empty=empty, ocr_is_off=options.ocr.engine == "off"),
        hidden=locate(hidden, text, spans),
    )


def _refuse_too_many(pdf: pdfium.PdfDocument, name: str, options: ParseOptions) -> None:
    if len(pdf) > options.limits.pages:
        raise UnreadableDocument(
            f"{name} has {len(pdf)} pages, more than the limit of {options.limits.pages}; "
            "split it or raise limits.pages."
        )


def _no_text_sentence(options: ParseOptions) -> str:
    if options.ocr.engine != "off":
        return "has no text on any page, and OCR found none either; add a sharper scan."
    return "has no text on any page and OCR is switched off; set ocr.engine to auto and add it again."


def _read_pages(
    pdf: pdfium.PdfDocument, path: Path, name: str, options: ParseOptions, report: Report, hidden: list[Unseen]
) -> Iterator[tuple[PageLines, bool]]:
    """Each page's lines and whether anything is drawn on it. Adds to `hidden` what nobody sees of a page's own text."""
    partitioned = _partitioned(pdf, path, name, options) if options.pdf.engine == "unstructured" else {}
    for index in range(len(pdf)):
        report(index, len(pdf))
        if index + 1 in partitioned:
            yield partitioned[index + 1], True
            continue
        page = _read_raw(pdf, index)
        if page is None:
            yield PageLines(0.0, 0.0, ()), True
        elif has_usable_text(page):
            hidden += page.hidden
            yield _with_tables(page, path, index, options), True
        else:
            yield _ocr_or_own(pdf, index, page, options), page.marks.has_marks


def _partitioned(pdf: pdfium.PdfDocument, path: Path, name: str, options: ParseOptions) -> dict[int, PageLines]:
    with PDFIUM_LOCK:
        sizes = [pdf.get_page_size(index) for index in range(len(pdf))]
    return partition_pages(path, name, find_password(path, options.passwords), sizes, options)


def _with_tables(page: RawPage, path: Path, index: int, options: ParseOptions) -> PageLines:
    lines = page.lines
    if page.marks.is_ruled and not _is_right_to_left(lines):
        lines = with_tables(path, options.passwords, index + 1, page)
    return PageLines(page.width, page.height, lines)


def _read_raw(pdf: pdfium.PdfDocument, index: int) -> RawPage | None:
    """None where pdfium cannot load the page; the others are still worth reading."""
    with PDFIUM_LOCK:
        try:
            page = pdf[index]
        except pdfium.PdfiumError:
            return None
        try:
            return read_page(page, index + 1)
        finally:
            page.close()


def has_usable_text(page: RawPage) -> bool:
    """Text, and not the private code points that a font without a character map gives.

    A few letters beside a picture are a stamp on a scan; on a page without pictures they are its text.
    """
    text = "".join(line.text for line in page.lines)
    least = LEAST_LETTERS if page.marks.has_pictures else 1
    letters = islice(filter(str.isalnum, text), least)
    return len(list(letters)) == least and len(GARBAGE.findall(text)) <= len(text) * MOST_GARBAGE


def _is_right_to_left(lines: Sequence[PageLine]) -> bool:
    """pdfplumber gives Arabic and Hebrew cells letter by letter backwards; their raw text is right."""
    text = "".join(line.text for line in lines)
    return len(RIGHT_TO_LEFT.findall(text)) > len(text) * 0.2


def _ocr_or_own(pdf: pdfium.PdfDocument, index: int, page: RawPage, options: ParseOptions) -> PageLines:
    """What OCR reads on the page, where that is more than the lines it has."""
    own = PageLines(page.width, page.height, page.lines)
    if options.ocr.engine == "off" or not page.marks.has_marks:
        return own
    image = render(pdf, index, min(options.ocr.dpi / 72, scale_within(MOST_PIXELS, page.width, page.height)))
    seen = ocr_picture(image, page.width, page.height, options.ocr)
    read_letters, own_letters = (sum(len(line.text) for line in found.lines) for found in (seen, own))
    is_garbage = own_letters >= LEAST_LETTERS
    return seen if is_garbage or read_letters > own_letters else own


def _facts(pdf: pdfium.PdfDocument) -> dict[str, str]:
    with PDFIUM_LOCK:
        return {key: _metadata(pdf, key) for key in ("Title", "Author", "CreationDate")}


def _metadata(pdf: pdfium.PdfDocument, key: str) -> str:
    return " ".join(pdf.get_metadata_value(key).replace("\x00", "").split())


def parse_date(stated: str) -> datetime | None:
    """A PDF date (`D:20240131120000+01'00'`) in UTC; None where it is missing or impossible."""
    found = PDF_DATE.match(stated)
    if not found:
        return None
    fields = zip(found.groups()[:6], (1, 1, 1, 0, 0, 0), strict=True)
    year, month, day, hour, minute, second = (int(part or least) for part, least in fields)
    sign, off_hours, off_minutes = found.groups()[6:]
    offset = timedelta(hours=int(off_hours or 0), minutes=int(off_minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=timezone(offset)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _attachments(pdf: pdfium.PdfDocument, workspace: Path) -> tuple[Attachment, ...]:
    with PDFIUM_LOCK:
        found = []
        for index in range(pdf.count_attachments()):
            attachment = pdf.get_attachment(index)
            try:
                content = bytes(attachment.get_data())
            except pdfium.PdfiumError:
                continue
            if content:
                name = Path(attachment.get_name()).name or f"attachment-{index + 1}"
                found.append(unpack(name, content, workspace))
        return tuple(found)
