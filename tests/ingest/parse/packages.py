"""ZIP containers made by the tests."""

import io
import zipfile
from collections.abc import Mapping

ODF = "application/vnd.oasis.opendocument"
NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{full}:1.0"'
    for prefix, full in {
        "office": "office", "text": "text", "table": "table", "style": "style", "draw": "drawing", "meta": "meta",
        "presentation": "presentation", "svg": "svg-compatible",
    }.items()
)  # fmt: skip


def zipped(members: Mapping[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return stream.getvalue()


def odf(kind: str, body: str, *, styles: str = "", meta: str = "", more: Mapping[str, str] | None = None) -> bytes:
    """An OpenDocument file: `kind` is text, presentation or spreadsheet."""
    content = (
        f"<office:document-content {NAMES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    facts = (
        f'<office:document-meta {NAMES} xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<office:meta>{meta}</office:meta></office:document-meta>"
    )
    return zipped({"mimetype": f"{ODF}.{kind}", "content.xml": content, "meta.xml": facts, **(more or {})})
