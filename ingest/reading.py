"""Reading: what the parser makes of a file, kept with all that it found inside."""

from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from app.db import job_items, versions
from app.db.files import FileStore
from app.db.ids import name_id
from app.db.sealing import Seal, SealedText
from app.db.session import Database
from app.db.versions import StoredParse
from app.domain import FoundFile, JobItem, ParsedDocument
from app.errors import UnreadableDocument
from app.settings import Settings
from ingest.parse.titles import title_from
from ingest.progress import ProgressNote
from ingest.sandbox import Sandbox
from ingest.sources.upload import INSIDE, store_attachment, tell_apart

# Part of the key under which parsed texts are shared: raised when parsers give more or other than before.
PARSER_VERSION = "3"


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads files in the sandbox. Of both readings the second value lists the files found inside, which are to become
    documents of the same job.
    """

    settings: Settings
    database: Database
    files: FileStore
    sandbox: Sandbox
    seal: Seal

    def read(
        self, item: JobItem, password: SealedText | None, progress: ProgressNote
    ) -> tuple[StoredParse, list[FoundFile]]:
        """What the parser makes of a file, from an earlier attempt or an equal file where there is one.

        Raises UnreadableDocument, Cancelled.
        """
        key = parse_key(self.settings, item.file_name, depth=_depth(item))
        with self.database.read() as session:
            earlier = versions.load_parse(session, item.version_id) if item.version_id else None
            twin = None if earlier else versions.find_twin(session, item.content_hash, key)
        if earlier:
            return earlier, []
        if twin:
            return _as_named(item.file_name, *twin), []
        return self.read_file(item, password, progress)

    def read_file(
        self, item: JobItem, password: SealedText | None, progress: ProgressNote
    ) -> tuple[StoredParse, list[FoundFile]]:
        """The same from the file itself, whatever was made of it before. Raises UnreadableDocument, Cancelled."""
        with self.sandbox.parse(
            self.files.path(item.content_hash),
            item.file_name,
            depth=_depth(item),
            password=self._open(password),
            report=progress.reading,
            is_cancelled=progress.is_cancelled,
        ) as parsed:
            inside = self._unpack(item, parsed)
            tables_hash = self._keep_tables(parsed.tables_file)
        return StoredParse(
            parsed=parsed,
            content_hash=item.content_hash,
            size_bytes=item.size_bytes,
            parse_key=parse_key(self.settings, item.file_name, depth=_depth(item)),
            attachments=tuple(file.location for file in inside),
            tables_hash=tables_hash,
            password=password,
        ), inside

    def _open(self, password: SealedText | None) -> str | None:
        """Raises UnreadableDocument for one that was sealed with another key."""
        opened = None if password is None else self.seal.open_text(password)
        if password is not None and opened is None:
            raise UnreadableDocument(
                "The document's password was kept under another key (crawl.secret); add the file with it again."
            )
        return opened

    def _unpack(self, item: JobItem, parsed: ParsedDocument) -> list[FoundFile]:
        """Keep the files that lie in the document. Raises UnreadableDocument when they are too much."""
        apart = tell_apart(parsed.attachments)
        size = sum(attachment.path.stat().st_size for attachment in apart)
        with self.database.read() as session:
            root = item.location.split(INSIDE)[0] + INSIDE
            size += job_items.bytes_inside(session, item.job_id, root)
        limit = self.settings.limits.unpacked_mb
        if apart and size > limit << 20:
            raise UnreadableDocument(
                f"{item.source} unpacks to more than {limit} MiB; split it or raise limits.unpacked_mb."
            )
        return [store_attachment(each, parent_location=item.location, files=self.files) for each in apart]

    def _keep_tables(self, tables_file: Path | None) -> str | None:
        if tables_file is None:
            return None
        with tables_file.open("rb") as content:
            return self.files.add(content)[0]


def parse_key(settings: Settings, name: str, *, depth: int) -> str:
    """Equal for files that are parsed alike if their content is equal. A name's suffix tells text formats apart."""
    limits = settings.limits
    options = (settings.parse.pdf.engine, settings.parse.pdf.strategy, settings.ocr.model_dump_json())
    return name_id(PARSER_VERSION, PurePath(name).suffix.lower(), *options, str(limits.text_rows), str(depth))


def is_same(old: StoredParse, new: StoredParse) -> bool:
    """Whether a file gave the same once more. Tables are data that the text does not tell: they never count as same."""
    parsed = replace(new.parsed, attachments=(), tables_file=None)
    return not new.tables_hash and old.parsed == parsed and old.attachments == new.attachments


def tables_of(stored: StoredParse) -> list[str]:
    """The file that holds the tables, if there is one."""
    return [stored.tables_hash] if stored.tables_hash else []


def _depth(item: JobItem) -> int:
    return item.location.count(INSIDE)


def _as_named(name: str, twin: StoredParse, twins_name: str) -> StoredParse:
    """A twin's parse under this name: a title that only repeats the twin's file name would be wrong here."""
    if twin.parsed.title != title_from(twins_name):
        return twin
    return replace(twin, parsed=replace(twin.parsed, title=title_from(name)))
