"""Parse: one file becomes Markdown-like text with positions. The bytes decide how, never the name alone."""

from dataclasses import replace
from pathlib import Path, PurePath

from app.domain import ParsedDocument
from app.errors import UnreadableDocument
from ingest.parse.detect import MediaType, detect
from ingest.parse.email import parse_email
from ingest.parse.image import parse_image
from ingest.parse.markdown import first_heading
from ingest.parse.markup import parse_html, parse_markdown, parse_text
from ingest.parse.options import ParseOptions, Report
from ingest.parse.pdf import parse_pdf
from ingest.parse.slides import parse_slides
from ingest.parse.tabular import parse_delimited, parse_workbook
from ingest.parse.word import parse_word

__all__ = ["ParseOptions", "Report", "parse"]


def unobserved(_done: int, _total: int) -> None:
    """The report of a parse that nobody watches."""


def parse(path: Path, name: str, options: ParseOptions, report: Report = unobserved) -> ParsedDocument:
    """Parse the file at `path`; `name` is how people see it and appears in messages.

    The title is never empty: the document's own, else its first heading, else the name without suffix.
    Raises UnreadableDocument with a sentence that says what is wrong and what to do.
    """
    document = _parse_as(detect(path, name), path, name, options, report)
    if not document.text.strip():
        raise UnreadableDocument(f"{name} holds no text; there is nothing to search in it.")
    title = document.title or first_heading(document.text) or PurePath(name).stem
    return replace(document, title=" ".join(title.split()))


def _parse_as(media_type: MediaType, path: Path, name: str, options: ParseOptions, report: Report) -> ParsedDocument:
    match media_type:
        case MediaType.PDF:
            return parse_pdf(path, name, options, report)
        case MediaType.DOCX:
            return parse_word(path, name)
        case MediaType.PPTX:
            return parse_slides(path, name)
        case MediaType.XLSX:
            return parse_workbook(path, name)
        case MediaType.CSV | MediaType.TSV:
            return parse_delimited(path, media_type)
        case MediaType.HTML:
            return parse_html(path)
        case MediaType.MARKDOWN:
            return parse_markdown(path)
        case MediaType.TEXT:
            return parse_text(path)
        case MediaType.EMAIL:
            return parse_email(path, options.workspace)
        case MediaType.PNG | MediaType.JPEG | MediaType.TIFF | MediaType.WEBP:
            return parse_image(path, name, media_type, options, report)
