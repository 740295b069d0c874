"""One file becomes Markdown-like text with positions. The bytes decide how, never the name alone."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from app.domain import ParsedDocument
from app.errors import UnreadableDocument
from ingest.parse.archive import parse_archive
from ingest.parse.asciidoc import parse_asciidoc
from ingest.parse.detect import MediaType, detect
from ingest.parse.email import parse_email
from ingest.parse.epub import parse_epub
from ingest.parse.image import parse_image
from ingest.parse.json_text import parse_json
from ingest.parse.language import detect_language
from ingest.parse.markdown import first_heading
from ingest.parse.markup import parse_html, parse_markdown, parse_text
from ingest.parse.opendocument import parse_odf_slides, parse_odf_text
from ingest.parse.options import ParseOptions, Report, unobserved
from ingest.parse.outlook import parse_outlook
from ingest.parse.pdf import parse_pdf
from ingest.parse.restructured import parse_restructured
from ingest.parse.rtf import parse_rtf
from ingest.parse.slides import parse_slides
from ingest.parse.tabular import parse_delimited, parse_workbook
from ingest.parse.titles import title_from
from ingest.parse.word import parse_word

# A few lines may read like any of several languages.
LEAST_CHARACTERS: Final = 400


def parse(path: Path, name: str, options: ParseOptions, report: Report = unobserved) -> ParsedDocument:
    """Parse the file at `path`; `name` is how people see it and appears in messages.

    The title is never empty: the document's own, else its first heading, else the name without suffix. The language is
    what the text reads like, else what the document says.
    Raises UnreadableDocument with a sentence that says what is wrong and what to do.
    """
    document = _parse_as(detect(path, name, options.limits), path, name, options, report)
    if not document.text.strip():
        raise UnreadableDocument(f"{name} holds no text; there is nothing to search in it.")
    title = document.title or first_heading(document.text)
    return replace(
        document,
        title=" ".join(title.split()) or title_from(name),
        language=_language(document, options.languages),
    )


def _language(document: ParsedDocument, among: Sequence[str]) -> str:
    """What a long text reads like, for office programs state the language they were installed in; else what is said."""
    is_short = len(document.text) < LEAST_CHARACTERS
    stated = document.language if is_short else ""
    return stated or detect_language(document.text, among) or document.language


def _parse_as(media_type: MediaType, path: Path, name: str, options: ParseOptions, report: Report) -> ParsedDocument:
    match media_type:
        case MediaType.PDF:
            return parse_pdf(path, name, options, report)
        case MediaType.DOCX:
            return parse_word(path, name)
        case MediaType.PPTX:
            return parse_slides(path, name)
        case MediaType.XLSX | MediaType.XLS | MediaType.ODS:
            return parse_workbook(path, name, media_type, options)
        case MediaType.CSV | MediaType.TSV:
            return parse_delimited(path, name, media_type, options)
        case MediaType.ODT:
            return parse_odf_text(path, name)
        case MediaType.ODP:
            return parse_odf_slides(path, name)
        case MediaType.RTF:
            return parse_rtf(path, name)
        case MediaType.EPUB:
            return parse_epub(path, name)
        case MediaType.JSON:
            return parse_json(path, name)
        case MediaType.HTML:
            return parse_html(path)
        case MediaType.MARKDOWN:
            return parse_markdown(path)
        case MediaType.ASCIIDOC:
            return parse_asciidoc(path)
        case MediaType.RESTRUCTURED:
            return parse_restructured(path)
        case MediaType.TEXT:
            return parse_text(path)
        case MediaType.EMAIL:
            return parse_email(path, name, options.workspace)
        case MediaType.MSG:
            return parse_outlook(path, name, options.workspace)
        case MediaType.ZIP:
            return parse_archive(path, name, options)
        case MediaType.PNG | MediaType.JPEG | MediaType.TIFF | MediaType.WEBP:
            return parse_image(path, name, media_type, options, report)
