"""PDF: pdfium for text and positions, pdfplumber for ruled tables, OCR for pages without text."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]
from PIL import Image

from app.domain import Attachment, ParsedDocument
from app.errors import UnreadableDocument
from ingest.parse.attachments import unpack
from ingest.parse.detect import MediaType
from ingest.parse.layout import PageLine, PageLines, compose
from ingest.parse.ocr import ocr_lines
from ingest.parse.options import ParseOptions, Report
from ingest.parse.pdf_read import PDFIUM_LOCK, RawPage, read_page
from ingest.parse.pdf_tables import with_tables

# A scanned page may carry a stamped page number; that is not its text.
LEAST_LETTERS: Final = 12
MOST_GARBAGE: Final = 0.3
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
    with _open(path, name, options) as pdf:
        read = list(_read_pages(pdf, path, options, report))
        facts = _facts(pdf)
        attachments = _attachments(pdf, options.workspace)
    pages = [page for page, _ in read]
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
        warnings=(_empty_pages_warning(empty, options),) if empty else (),
    )


@contextmanager
def _open(path: Path, name: str, options: ParseOptions) -> Iterator[pdfium.PdfDocument]:
    with PDFIUM_LOCK:
        pdf = _unlock(path, name, options.passwords)
        count = len(pdf)
    try:
        if count > options.limits.pages:
            raise UnreadableDocument(
                f"{name} has {count} pages, more than the limit of {options.limits.pages}; "
                "split it or raise limits.pages."
            )
        yield pdf
    finally:
        with PDFIUM_LOCK:
            pdf.close()


def _unlock(path: Path, name: str, passwords: Sequence[str]) -> pdfium.PdfDocument:
    """Open with the first password that fits; a file without protection opens with any."""
    for password in passwords or (None,):
        try:
            return pdfium.PdfDocument(path, password=password)
        except pdfium.PdfiumError as exc:
            if getattr(exc, "err_code", None) != raw.FPDF_ERR_PASSWORD:
                raise UnreadableDocument(
                    f"{name} is a broken PDF; open it in a viewer, save it again and add that."
                ) from exc
    raise UnreadableDocument(_password_sentence(name, has_password=bool(passwords)))


def _password_sentence(name: str, *, has_password: bool) -> str:
    if has_password:
        return f"{name} does not open with the password that was given; check the password."
    return f"{name} is protected and a password is needed; give its password or save a copy without one."


def _no_text_sentence(options: ParseOptions) -> str:
    if options.ocr.engine != "off":
        return "has no text on any page, and OCR found none either; add a sharper scan."
    return "has no text on any page and OCR is switched off; set ocr.engine to auto and add it again."


def _read_pages(
    pdf: pdfium.PdfDocument, path: Path, options: ParseOptions, report: Report
) -> Iterator[tuple[PageLines, bool]]:
    """Each page's lines and whether anything is drawn on it."""
    for index in range(len(pdf)):
        report(index, len(pdf))
        page = _read_raw(pdf, index)
        if page is None:
            yield PageLines(0.0, 0.0, ()), True
            continue
        lines: Sequence[PageLine] = page.lines
        if not has_usable_text(page):
            lines = _ocr_or(lines, pdf, index, page, options)
        elif page.marks.is_ruled and not _is_right_to_left(lines):
            lines = with_tables(path, options.passwords, index + 1, page)
        yield PageLines(page.width, page.height, tuple(lines)), page.marks.has_marks


def _read_raw(pdf: pdfium.PdfDocument, index: int) -> RawPage | None:
    """None where pdfium cannot load the page; the others are still worth reading."""
    with PDFIUM_LOCK:
        try:
            page = pdf[index]
        except pdfium.PdfiumError:
            return None
        try:
            return read_page(page)
        finally:
            page.close()


def has_usable_text(page: RawPage) -> bool:
    """Text, and not the private code points that a font without a character map gives.

    A few letters beside a picture are a stamp on a scan; on a page without pictures they are its text.
    """
    text = "".join(line.text for line in page.lines)
    letters = sum(character.isalnum() for character in text)
    least = LEAST_LETTERS if page.marks.has_pictures else 1
    return letters >= least and len(GARBAGE.findall(text)) <= len(text) * MOST_GARBAGE


def _is_right_to_left(lines: Sequence[PageLine]) -> bool:
    """pdfplumber gives Arabic and Hebrew cells letter by letter backwards; their raw text is right."""
    text = "".join(line.text for line in lines)
    return len(RIGHT_TO_LEFT.findall(text)) > len(text) * 0.2


def _ocr_or(
    lines: Sequence[PageLine], pdf: pdfium.PdfDocument, index: int, page: RawPage, options: ParseOptions
) -> Sequence[PageLine]:
    """What OCR reads on the page, where that is more than the lines it has."""
    if options.ocr.engine == "off" or not page.marks.has_marks:
        return lines
    image = _render(pdf, index, page, options.ocr.dpi)
    seen = ocr_lines(image, points_per_pixel=page.width / image.width)
    read_letters, own_letters = (sum(len(line.text) for line in found) for found in (seen, lines))
    is_garbage = own_letters >= LEAST_LETTERS
    return seen if is_garbage or read_letters > own_letters else lines


def _render(pdf: pdfium.PdfDocument, index: int, page: RawPage, dpi: int) -> Image.Image:
    # A poster at 200 dpi would need gigabytes.
    scale = min(dpi / 72, (MOST_PIXELS / max(page.width * page.height, 1)) ** 0.5)
    with PDFIUM_LOCK:
        loaded = pdf[index]
        try:
            bitmap = loaded.render(scale=scale)
            image: Image.Image = bitmap.to_pil().copy()  # the bitmap's memory goes with it
            bitmap.close()
            return image
        finally:
            loaded.close()


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


def _empty_pages_warning(numbers: Sequence[int], options: ParseOptions) -> str:
    shown = ", ".join(map(str, numbers[:20])) + (" …" if len(numbers) > 20 else "")
    reason = "no text was found" if options.ocr.engine != "off" else "there is no text and OCR is switched off"
    return f"On {len(numbers)} of the pages {reason} ({shown})."
