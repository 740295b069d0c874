"""ZIP archives: a list of what lies in them; the files become documents of their own."""

import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import IO, Final

from app.domain import Attachment, ParsedDocument
from app.errors import UnreadableDocument
from app.settings import LimitsSettings
from ingest.parse.attachments import unpack
from ingest.parse.containers import document_type
from ingest.parse.markdown import heading
from ingest.parse.media_type import MediaType
from ingest.parse.options import ParseOptions
from ingest.parse.unpacked import BROKEN_ARCHIVE, Meter, opened_package, read_blocks

IS_ENCRYPTED: Final = 0x1
IS_UTF8: Final = 0x800
JUNK: Final = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
Inside = tuple[zipfile.ZipInfo, PurePosixPath]


def parse_archive(path: Path, name: str, options: ParseOptions) -> ParsedDocument:
    """The list of files as text, the files as attachments, named with their folders.

    Hidden files, links and what systems add are left out. Raises UnreadableDocument when it goes beyond the limits.
    """
    _refuse_depth(name, options)
    with opened_package(path, name) as package:
        members = list(_members(package))
        _refuse_many(name, members, options.limits)
        locked = [place for member, place in members if member.flag_bits & IS_ENCRYPTED]
        if locked and len(locked) == len(members):
            raise UnreadableDocument(f"{name} is protected with a password; unpack it and add the files.")
        attachments, broken = _unpacked(package, members, options, Meter(path, name, options.limits))
    if members and not attachments:
        raise UnreadableDocument(f"{name} is damaged (no file in it can be unpacked); add an intact copy.")
    return ParsedDocument(
        text="\n\n".join([heading(name, 1), "\n".join(f"- {place}" for _, place in members)]) if members else "",
        media_type=MediaType.ZIP,
        attachments=tuple(attachments),
        warnings=(*_warnings(locked, "protected with a password"), *_warnings(broken, "damaged")),
    )


def _refuse_depth(name: str, options: ParseOptions) -> None:
    if options.depth > options.limits.archive_depth:
        raise UnreadableDocument(
            f"{name} is an archive inside {options.depth} others, more than the limit of "
            f"{options.limits.archive_depth}; unpack it and add the files, or raise limits.archive_depth."
        )


def _refuse_many(name: str, members: Sequence[Inside], limits: LimitsSettings) -> None:
    if len(members) > limits.archive_files:
        raise UnreadableDocument(
            f"{name} holds {len(members)} files, more than the limit of {limits.archive_files}; "
            "split it or raise limits.archive_files."
        )


def _members(package: zipfile.ZipFile) -> Iterator[Inside]:
    """Plain files that people put there, each with its place inside the archive."""
    for member in package.infolist():
        place = _place(member)
        is_hidden = any(part.startswith(".") or part in JUNK for part in place.parts)
        if not member.is_dir() and place.parts and not is_hidden and not stat.S_ISLNK(member.external_attr >> 16):
            yield member, place


def _place(member: zipfile.ZipInfo) -> PurePosixPath:
    """The path as it was meant: without roots and steps upwards."""
    name = member.filename
    if not member.flag_bits & IS_UTF8:
        # Macs write UTF-8 and do not say so; zipfile then takes it for the code page of DOS.
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = member.filename
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return PurePosixPath(*(part for part in parts if part not in ("/", "//", "..")))


def _unpacked(
    package: zipfile.ZipFile, members: Sequence[Inside], options: ParseOptions, meter: Meter
) -> tuple[list[Attachment], list[PurePosixPath]]:
    """The files written into the workspace, and the places of those that are damaged."""
    attachments, broken = [], []
    for member, place in members:
        if member.flag_bits & IS_ENCRYPTED:
            continue
        attachment = unpack(str(place), b"", options.workspace)
        try:
            with attachment.path.open("w+b") as file:
                file.writelines(read_blocks(package, member, meter))
                _count_inside(file, meter, options.limits.archive_depth - options.depth)
        except zipfile.BadZipFile:
            attachment.path.unlink()
            broken.append(place)
        else:
            attachments.append(attachment)
    return attachments, broken


def _count_inside(file: IO[bytes], meter: Meter, levels: int) -> None:
    """Let an archive in the archive count with what it unpacks to; documents are measured when they are parsed."""
    if levels <= 0 or not zipfile.is_zipfile(file):
        return
    # One that is damaged or of no use says so when it is parsed itself.
    with suppress(*BROKEN_ARCHIVE), zipfile.ZipFile(file) as package:
        if _is_document(package):
            return
        for member in package.infolist():
            with TemporaryFile() as inner:
                inner.writelines(read_blocks(package, member, meter))
                _count_inside(inner, meter, levels - 1)


def _is_document(package: zipfile.ZipFile) -> bool:
    try:
        return document_type(package, "") is not None
    except UnreadableDocument:
        return True


def _warnings(places: Sequence[PurePosixPath], state: str) -> tuple[str, ...]:
    if not places:
        return ()
    named = ", ".join(map(str, places[:5])) + (f" and {len(places) - 5} more" if len(places) > 5 else "")
    return (f"Left out, {state}: {named}.",)
