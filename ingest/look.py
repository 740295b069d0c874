"""Look at files and folders of this machine: what is new there, and keep it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.db import documents
from app.db.files import FileStore
from app.db.session import Database
from app.domain import FoundFile, Job, JobItem
from ingest.plan import Known, Plan, plan_changes
from ingest.sources.folder import Unreadable, find_files
from ingest.sources.upload import INSIDE


@dataclass(frozen=True, slots=True)
class Look:
    """Compares what is there with what is stored."""

    database: Database
    files: FileStore
    max_file_mb: int

    def plan(self, job: Job) -> tuple[Plan, list[Unreadable]]:
        """What is to be done for a job on paths, and what of them cannot be read."""
        found = list(find_files(map(Path, job.paths), max_file_mb=self.max_file_mb))
        unreadable = [each for each in found if isinstance(each, Unreadable)]
        readable = [each for each in found if isinstance(each, FoundFile)]
        with self.database.read() as session:
            hashes = documents.active_hashes(session, job.knowledge_base_id)
        kept = [each.file.location for each in unreadable]  # a folder that cannot be read keeps all that is in it
        known = {
            location: Known(content_hash, document_id)
            for location, (content_hash, document_id) in hashes.items()
            if INSIDE not in location and _is_under(location, job.paths) and not _is_under(location, kept)
        }
        return plan_changes(readable, known), unreadable

    def copy(self, file: FoundFile) -> FoundFile | Unreadable:
        """Keep a file of this machine in the file store."""
        try:
            with Path(file.location).open("rb") as content:
                content_hash, size_bytes = self.files.add(content)
        except (FileNotFoundError, PermissionError) as exc:  # it could be read a moment ago
            return Unreadable(file, f"The file cannot be read ({exc.strerror}); it may have been moved meanwhile.")
        return FoundFile(file.name, file.location, content_hash, size_bytes)

    def copy_again(self, copied: FoundFile | Unreadable) -> FoundFile | Unreadable:
        """The same, unless it is not kept any more: its only other document was deleted meanwhile."""
        if isinstance(copied, Unreadable) or self.files.path(copied.content_hash).exists():
            return copied
        return self.copy(copied)

    def find_again(self, item: JobItem) -> FoundFile | None:
        """The file of an item, from where it came if it is still there, else as it was kept."""
        file = FoundFile(item.source, item.location, item.content_hash, item.size_bytes, item.suffix)
        if Path(item.location).is_file():
            copied = self.copy(file)
            return copied if isinstance(copied, FoundFile) else None
        is_kept = item.content_hash and self.files.path(item.content_hash).exists()
        return file if is_kept else None


def _is_under(location: str, paths: Sequence[str]) -> bool:
    return any(location == path or location.startswith(f"{path}/") for path in paths)
