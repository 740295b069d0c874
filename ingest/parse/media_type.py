"""The types that we read, what people call them, and what their file names promise."""

from enum import StrEnum
from typing import Final


class MediaType(StrEnum):
    """The types that we read."""

    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    XLS = "application/vnd.ms-excel"
    ODT = "application/vnd.oasis.opendocument.text"
    ODP = "application/vnd.oasis.opendocument.presentation"
    ODS = "application/vnd.oasis.opendocument.spreadsheet"
    RTF = "application/rtf"
    EPUB = "application/epub+zip"
    CSV = "text/csv"
    TSV = "text/tab-separated-values"
    JSON = "application/json"
    HTML = "text/html"
    MARKDOWN = "text/markdown"
    ASCIIDOC = "text/asciidoc"
    RESTRUCTURED = "text/x-rst"
    TEXT = "text/plain"
    EMAIL = "message/rfc822"
    MSG = "application/vnd.ms-outlook"
    ZIP = "application/zip"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TIFF = "image/tiff"
    WEBP = "image/webp"


KNOWN: Final = (
    "PDF, Word, PowerPoint, Excel, OpenDocument, RTF, EPUB, CSV, JSON, HTML, Markdown, AsciiDoc, reStructuredText, "
    "text, e-mail (.eml, .msg), ZIP archives and images"
)
IMAGES: Final = frozenset({MediaType.PNG, MediaType.JPEG, MediaType.TIFF, MediaType.WEBP})

BY_SUFFIX: Final = {
    ".pdf": MediaType.PDF,
    ".docx": MediaType.DOCX,
    ".docm": MediaType.DOCX,
    ".pptx": MediaType.PPTX,
    ".pptm": MediaType.PPTX,
    ".xlsx": MediaType.XLSX,
    ".xlsm": MediaType.XLSX,
    ".odt": MediaType.ODT,
    ".ott": MediaType.ODT,
    ".odp": MediaType.ODP,
    ".otp": MediaType.ODP,
    ".ods": MediaType.ODS,
    ".ots": MediaType.ODS,
    ".rtf": MediaType.RTF,
    ".epub": MediaType.EPUB,
    ".msg": MediaType.MSG,
    ".zip": MediaType.ZIP,
    ".png": MediaType.PNG,
    ".jpg": MediaType.JPEG,
    ".jpeg": MediaType.JPEG,
    ".tif": MediaType.TIFF,
    ".tiff": MediaType.TIFF,
    ".webp": MediaType.WEBP,
}
TEXT_BY_SUFFIX: Final = {
    ".csv": MediaType.CSV,
    ".tsv": MediaType.TSV,
    ".tab": MediaType.TSV,
    ".json": MediaType.JSON,
    ".jsonl": MediaType.JSON,
    ".ndjson": MediaType.JSON,
    ".geojson": MediaType.JSON,
    ".html": MediaType.HTML,
    ".htm": MediaType.HTML,
    ".xhtml": MediaType.HTML,
    ".md": MediaType.MARKDOWN,
    ".markdown": MediaType.MARKDOWN,
    ".adoc": MediaType.ASCIIDOC,
    ".asciidoc": MediaType.ASCIIDOC,
    ".rst": MediaType.RESTRUCTURED,
    ".eml": MediaType.EMAIL,
}
# Text types have no noun: among themselves, names and bytes cannot contradict each other.
NOUNS: Final = {
    MediaType.PDF: "a PDF",
    MediaType.DOCX: "a Word document",
    MediaType.PPTX: "a PowerPoint presentation",
    MediaType.XLSX: "an Excel workbook",
    MediaType.XLS: "an Excel 97–2003 workbook",
    MediaType.ODT: "an OpenDocument text",
    MediaType.ODP: "an OpenDocument presentation",
    MediaType.ODS: "an OpenDocument spreadsheet",
    MediaType.RTF: "rich text",
    MediaType.EPUB: "an EPUB book",
    MediaType.MSG: "an Outlook message",
    MediaType.ZIP: "a ZIP archive",
    MediaType.PNG: "a PNG image",
    MediaType.JPEG: "a JPEG image",
    MediaType.TIFF: "a TIFF image",
    MediaType.WEBP: "a WebP image",
}
