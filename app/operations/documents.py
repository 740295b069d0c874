"""Documents: reading them, adding, reading again, deleting."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from app.access import Caller, ReadableKnowledgeBase
from app.db import documents, parsed_texts
from app.db.room import require_room
from app.domain import Deed, Document, FoundFile, KnowledgeBase, MemberRole, Removed
from app.domain.urls import web_address
from app.errors import Forbidden, NotFound, Rejected
from app.operations import knowledge_bases as bases
from app.operations.note import note
from app.services import Services
from ingest.sources.folder import too_large
from ingest.sources.upload import store_in_folder, store_upload


def get_readable(id: str, caller: Caller, services: Services) -> Document:
    """A document that the caller may read. Raises NotFound, in the same words for one that does not exist."""
    with services.database.read() as session:
        document = documents.get_document(session, id)
    if not caller.access.may_read(document.knowledge_base_id):
        raise NotFound(f"There is no document {id}.")
    return document


def get_text(id: str, caller: Caller, services: Services) -> str:
    """The parsed text that all character offsets refer to. Raises NotFound."""
    document = get_readable(id, caller, services)
    with services.database.read() as session:
        return parsed_texts.get_text(session, document.version_id)


def refuse_too_large(name: str, size_bytes: int, services: Services) -> None:
    """Raise Rejected for an upload beyond the limit."""
    limit = services.settings.limits.file_mb
    if size_bytes > limit << 20:
        raise Rejected(f"{name}: {too_large(size_bytes, limit)}")


def refuse_without_room(size_bytes: int, services: Services) -> None:
    """Raise StorageFull where uploads of this size would leave too little of the disk free."""
    require_room(services.settings.data_dir, services.settings.limits.min_free_mb, size_bytes)


def measure(content: BinaryIO) -> int:
    """Bytes from here to the end of an upload."""
    here = content.tell()
    end = content.seek(0, os.SEEK_END)
    content.seek(here)
    return end - here


def upload(
    uploads: Sequence[tuple[str, BinaryIO]],
    kb: str,
    caller: Caller,
    services: Services,
    *,
    password: str | None = None,
    keeps_folders: bool = False,
) -> str:
    """Store files, by name, and start the job that takes them in; returns its id.

    With `keeps_folders` a name may be a path, and files of one name in two folders are two documents.
    Editors add to a knowledge base that there is; for an admin it is made if there is none.
    Raises NotFound, Forbidden, EngineUnavailable; StorageFull, and then none of the files is kept.
    """
    services.require_ready()
    base = _to_add_to(kb, caller, services)
    refuse_without_room(sum(measure(content) for _, content in uploads), services)
    store = store_in_folder if keeps_folders else store_upload
    stored = [store(name, content, files=services.files) for name, content in uploads]
    # Two uploads of one name are one document: the last one counts.
    found = list({file.location: file for file in stored}.values())
    job_id = services.ingest().jobs.ingest_files(
        found, knowledge_base_id=base.id, person_id=caller.id, password=password
    )
    note(services, caller, Deed.UPLOAD, base=base, detail=", ".join(file.name for file in found))
    return job_id


def ingest_paths(paths: Sequence[Path], kb: str, caller: Caller, services: Services, *, prune: bool) -> str:
    """Take in files and folders of the server's own disk; returns the job's id. For this machine's command line.

    Raises Forbidden, Rejected.
    """
    if not caller.is_local:
        raise Forbidden("Paths of the server's disk are taken from its own command line only; upload the files.")
    services.require_ready()
    base = _to_add_to(kb, caller, services)
    job_id = services.ingest().jobs.ingest_paths(paths, knowledge_base_id=base.id, person_id=caller.id, prune=prune)
    note(services, caller, Deed.INGEST, base=base, detail=", ".join(str(path) for path in paths))
    return job_id


def read_again(ids: Sequence[str], caller: Caller, services: Services) -> str:
    """Start a job that reads documents again from their stored files; returns its id.

    What gives the same as before is left alone; until another reading is whole, the earlier one answers. All of one
    knowledge base. Raises NotFound, Forbidden, Rejected.
    """
    services.require_ready()
    chosen = [_to_edit(id, caller, services) for id in ids]
    if len({document.knowledge_base_id for document in chosen}) != 1:
        raise Rejected("Choose documents of one knowledge base.")
    base = caller.access.require(chosen[0].knowledge_base_id, MemberRole.EDITOR)
    files = [_stored_file(each) for each in chosen]
    job_id = services.ingest().jobs.ingest_files(files, knowledge_base_id=base.id, person_id=caller.id, is_again=True)
    note(services, caller, Deed.INGEST, base=base, detail=f"{len(files)} documents read again")
    return job_id


def delete(id: str, caller: Caller, services: Services) -> Removed:
    """Remove a document and its attachments everywhere, and say what went.

    When this returns, nothing of them can be found, and no file of the data folder holds their text any more.
    Raises NotFound, Forbidden.
    """
    services.require_ready()
    document = _to_edit(id, caller, services)
    removed = services.ingest().delete_document(document.id)
    base = caller.access.require(document.knowledge_base_id, MemberRole.EDITOR)
    note(services, caller, Deed.DOCUMENT_DELETE, base=base, subject_id=id, subject=document.name)
    return removed


def delete_all(ids: Sequence[str], caller: Caller, services: Services) -> Removed:
    """Remove several documents of knowledge bases that the caller edits, and say what went, attachments included.

    All rights are looked at before the first one goes. Raises NotFound, Forbidden.
    """
    for id in ids:
        _to_edit(id, caller, services)
    total = Removed()
    for id in ids:
        try:
            total += delete(id, caller, services)
        except NotFound:  # it lay inside one that went before it
            continue
    return total


def _stored_file(document: Document) -> FoundFile:
    """A document's file. The name of a page is its title, which does not tell what it is."""
    is_page = web_address(document.location) and document.media_type == "text/markdown"
    suffix = ".md" if is_page else ""
    return FoundFile(document.name, document.location, document.content_hash, document.size_bytes, suffix)


def _to_edit(id: str, caller: Caller, services: Services) -> Document:
    document = get_readable(id, caller, services)
    caller.access.require(document.knowledge_base_id, MemberRole.EDITOR)
    return document


def _to_add_to(kb: str, caller: Caller, services: Services) -> ReadableKnowledgeBase | KnowledgeBase:
    if kb in caller.access.readable or not caller.is_admin:
        return bases.find_named(kb, caller, MemberRole.EDITOR)
    return bases.create(kb, caller, services)
