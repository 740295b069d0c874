"""Office packages: damage told in a sentence, and the “strict” dialect made readable for python-docx and -pptx."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Final

from app.errors import UnreadableDocument

STRICT: Final = b"http://purl.oclc.org/ooxml/"
NAMESPACE = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/?([\w/.-]*)")


# python-docx, python-pptx and openpyxl answer a package whose parts do not fit together with whatever they
# stumble over: 16 kinds of it in 6,500 damaged files, broken XML (a SyntaxError) among them. The cause stays
# chained, so that a bug can be told apart.
STUMBLES: Final = (zipfile.BadZipFile, SyntaxError, LookupError, ValueError, AttributeError, TypeError, OSError)


@contextmanager
def reading(name: str, kind: str) -> Iterator[None]:
    """Turn what the Office libraries raise on a damaged file into UnreadableDocument."""
    try:
        yield
    except STUMBLES as exc:
        raise UnreadableDocument(f"{name} is no readable {kind}; open it, save it again and add the new file.") from exc


def transitional(path: Path) -> IO[bytes]:
    """The package as a stream; a strict one is rewritten with the names of the transitional dialect."""
    content = BytesIO(path.read_bytes())
    with zipfile.ZipFile(content) as package:
        if STRICT not in package.read("_rels/.rels"):
            content.seek(0)
            return content
        return _rewritten(package)


def _rewritten(package: zipfile.ZipFile) -> BytesIO:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for member in package.infolist():
            content = package.read(member)
            if member.filename.endswith((".xml", ".rels")):
                content = NAMESPACE.sub(_transitional_name, content)
            target.writestr(member.filename, content)
    made.seek(0)
    return made


def _transitional_name(found: re.Match[bytes]) -> bytes:
    kind, rest = found.groups()
    return b"http://schemas.openxmlformats.org/" + kind + b"/2006/" + rest
