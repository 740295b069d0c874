"""What lies in a container: ZIP packages and OLE files told apart by what they hold."""

import zipfile
from pathlib import Path
from typing import Final

from olefile import OleFileIO  # type: ignore[import-untyped]

from app.errors import UnreadableDocument
from app.settings import LimitsSettings
from ingest.parse.media_type import MediaType
from ingest.parse.unpacked import Meter, opened_package, read_start, read_through

OOXML_MAIN_PART: Final = {
    "word/": MediaType.DOCX,
    "ppt/": MediaType.PPTX,
    "xl/": MediaType.XLSX,
}
# ODF and EPUB packages name themselves in a member called “mimetype”; a template reads like a document.
TEMPLATE: Final = "-template"
BY_MIMETYPE: Final = {str(kind): kind for kind in (MediaType.ODT, MediaType.ODP, MediaType.ODS, MediaType.EPUB)}
MIMETYPE_BYTES: Final = 200
# Stream names at the root of an OLE file.
OLE_STREAMS: Final = {
    "__properties_version1.0": ".msg",
    "Workbook": ".xls",
    "Book": ".xls",
    "WordDocument": ".doc",
    "PowerPoint Document": ".ppt",
}
OLE_READ: Final = {".xls": MediaType.XLS, ".msg": MediaType.MSG}
LEGACY: Final = {
    ".doc": "a Word 97–2003 document; save it as .docx and add it again",
    ".dot": "a Word 97–2003 template; save it as .docx and add it again",
    ".ppt": "a PowerPoint 97–2003 presentation; save it as .pptx and add it again",
    ".pps": "a PowerPoint 97–2003 show; save it as .pptx and add it again",
}


def zip_type(path: Path, name: str, limits: LimitsSettings) -> MediaType:
    """The type of a ZIP container; one that is no document is an archive.

    Documents are read through once within the limits; an archive is measured when it is unpacked.
    """
    with opened_package(path, name) as package:
        found = document_type(package, name)
        if found is None:
            return MediaType.ZIP
        read_through(package, Meter(path, name, limits))
        return found


def document_type(package: zipfile.ZipFile, name: str) -> MediaType | None:
    """The document that a ZIP container is, or None for an archive. Raises UnreadableDocument for kinds not read."""
    members = package.namelist()
    if "mimetype" in members:
        return _named_type(package, name)
    if any(member.startswith("Index/") and member.endswith(".iwa") for member in members):
        raise UnreadableDocument(f"{name} is an Apple iWork document; export it as PDF and add that.")
    if "[Content_Types].xml" not in members:
        return None
    for folder, media_type in OOXML_MAIN_PART.items():
        if any(member.startswith(folder) for member in members):
            return media_type
    if "_rels/.rels" in members:
        raise UnreadableDocument(f"{name} is an Office file of a kind that cannot be read; save it as PDF.")
    return None


def _named_type(package: zipfile.ZipFile, name: str) -> MediaType | None:
    stated = read_start(package, "mimetype")[:MIMETYPE_BYTES].decode("ascii", "replace").strip()
    found = BY_MIMETYPE.get(stated.removesuffix(TEMPLATE))
    if found is None and stated.startswith("application/vnd.oasis.opendocument."):
        raise UnreadableDocument(f"{name} is an OpenDocument file that holds no text; save it as PDF and add that.")
    if found is not None and _is_encrypted(package):
        raise UnreadableDocument(f"{name} is protected (a password or DRM); save a copy without and add that.")
    return found


def _is_encrypted(package: zipfile.ZipFile) -> bool:
    members = package.namelist()
    if "META-INF/rights.xml" in members:
        return True
    return "META-INF/manifest.xml" in members and b"encryption-data" in read_start(package, "META-INF/manifest.xml")


def ole_type(path: Path, name: str, suffix: str) -> MediaType:
    """XLS and MSG are read. Raises UnreadableDocument, with what to do instead, for all other OLE files."""
    roots = _root_names(path)
    if "EncryptedPackage" in roots:
        raise UnreadableDocument(f"{name} is protected with a password; save a copy without one and add that.")
    kind = next((kind for stream, kind in OLE_STREAMS.items() if stream in roots), suffix)
    if kind in OLE_READ and roots:
        return OLE_READ[kind]
    if kind in LEGACY:
        raise UnreadableDocument(f"{name} is {LEGACY[kind]}.")
    raise UnreadableDocument(
        f"{name} is an old or damaged Office file; open it, save it as .docx, .xlsx, .pptx or .pdf and add it again."
    )


def _root_names(path: Path) -> set[str]:
    """Names at the root of an OLE file; none when it is damaged.

    Names deeper down belong to what is attached: a Word file in a message.
    """
    try:
        with OleFileIO(path) as ole:
            return {entry[0] for entry in ole.listdir(streams=True, storages=True)}
    except (OSError, LookupError, ValueError, TypeError, AttributeError, RecursionError):
        return set()
