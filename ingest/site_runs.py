"""Visits of sites: each is a job that crawls, takes in what is new or changed, and settles what became of the rest."""

import io
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from app.db import crawls, documents, events, jobs, sources
from app.db.crawls import PageNote, StoredPage
from app.db.files import FileStore
from app.db.ids import text_hash
from app.db.session import Database
from app.domain import (
    CrawledPage,
    CrawlEngine,
    CrawlMemory,
    FoundFile,
    PageOutcome,
    PageState,
    RunState,
    SignIn,
    Source,
)
from app.errors import EngineUnavailable
from app.ports import Crawler
from app.settings import Settings
from ingest.sources.crawl.open import open_crawler
from ingest.sources.crawl.secrets import SecretBox
from ingest.sources.crawl.settle import CrawlFacts, settle
from ingest.sources.crawl.text import MARKDOWN, hash_words, page_file, page_name, unified_diff

# How often a run looks whether a person stopped it.
LOOK_S: Final = 0.5
# After so many seconds of crawling, what was found is taken in before the crawl goes on.
PART_S: Final = 60.0
# Pages that are written down together: so many, or those of so many seconds.
TOGETHER: Final = 16
TOGETHER_S: Final = 0.05
log = logging.getLogger("cloister.ingest")


@dataclass(frozen=True, slots=True)
class SiteRuns:
    """The steps of a visit; `ingest.workflows` calls them. Each may run twice."""

    settings: Settings
    database: Database
    files: FileStore
    box: SecretBox

    def begin(self, source: Source, *, person_id: str, accepts_removals: bool) -> str | None:
        """Write down a job that visits the site; returns its id, which is the run's. None where one is at work."""
        with self.database.write() as session:
            sources.lock_source(session, source.id)
            if jobs.find_open_job(session, source.id):
                return None
            job_id = jobs.create_job(
                session,
                knowledge_base_id=source.knowledge_base_id,
                requested_by=person_id,
                source_id=source.id,
                is_check=True,
            )
            crawls.create_run(session, job_id, source.id, accepts_removals=accepts_removals)
        return job_id

    def source_of(self, job_id: str) -> str | None:
        """The site that a job visits; None for a job that visits none."""
        with self.database.read() as session:
            return crawls.find_source_of(session, job_id)

    def crawl(self, job_id: str, source_id: str, *, is_closing: Callable[[], bool]) -> bool:
        """Read the site, or the next part of it; whether that was all. New and changed pages are the job's documents.

        Addresses that were read in an earlier part or before an interruption are not asked again.
        Raises Rejected, EngineUnavailable.
        """
        with self.database.read() as session:
            source = sources.get_source(session, source_id)
            sealed = sources.get_secret(session, source_id)
            active = documents.active_hashes(session, source.knowledge_base_id)
            known = {
                url: page
                for url, page in crawls.list_known(session, source_id).items()
                if url in active and active[url][1] == page.document_id
            }
            memory = CrawlMemory(
                known={url: page.page for url, page in known.items()}
                | {url: copy for url, copy in crawls.list_copies(session, source_id).items() if copy.copy_of in known},
                finished=crawls.list_finished(session, job_id),
                checkpoint=crawls.get_checkpoint(session, source_id),
            )
        assert source.site is not None
        sign_in = self.box.open(sealed) if sealed else None
        crawler = self.open_crawler(source, sign_in)
        intake = _Intake(job_id, source, known, active, self.database, self.files)
        # Firecrawl cannot go on where it was: to stop it in between would be to begin anew.
        is_in_parts = source.site.engine is CrawlEngine.BUILTIN
        stop = _Stop(job_id, self.database, lambda: is_closing() or (is_in_parts and intake.is_full()))
        try:
            end = crawler.crawl(source.site.scope, memory, on_page=intake.take, is_cancelled=stop.is_due)
        finally:
            intake.flush()
        with self.database.write() as session:
            is_stopped = jobs.is_cancelled(session, job_id)
            crawls.note_end(session, job_id, replace(end, is_cancelled=end.is_cancelled or is_stopped))
        return is_stopped or not end.is_cancelled

    def open_crawler(self, source: Source, sign_in: SignIn | None) -> Crawler:
        """The crawler for a source."""
        assert source.site is not None
        return open_crawler(source.site, sign_in, self.settings)

    def settle(self, job_id: str, source_id: str, *, remove: Callable[[str], object]) -> None:
        """Once all documents have their outcomes: remove what is gone, remember the rest.

        Raises EngineUnavailable when nothing could be read; then nothing was removed.
        """
        with self.database.read() as session:
            found = crawls.list_found(session, job_id)
            known = crawls.list_known(session, source_id)
            is_whole, is_delta, accepts_removals = crawls.get_flags(session, job_id)
        result = settle(found, known, CrawlFacts(is_whole, is_delta, accepts_removals, self.settings.crawl.enough))
        for document_id in result.remove.values():
            with self.database.read() as session:
                is_shared = crawls.is_known_elsewhere(session, source_id, document_id)
            if not is_shared:
                remove(document_id)
        if result.remove:
            self.database.scrub()
        with self.database.write() as session:
            crawls.forget_known(session, source_id, result.remove)
            crawls.keep_known(session, source_id, result.keep)
            crawls.note_settlement(session, job_id, result.outcomes, notes=result.notes)
            jobs.note_removed(session, job_id, len(result.remove))
        if result.error:
            raise EngineUnavailable(result.error)

    def finish(self, job_id: str, source_id: str, error: str | None) -> None:
        """Written last: the run is over."""
        with self.database.write() as session:
            if error:
                state = RunState.FAILED
            else:
                state = RunState.CANCELLED if jobs.is_cancelled(session, job_id) else RunState.DONE
            crawls.finish_run(session, job_id, state, error=error)
            events.tell_of_run(session, job_id)
            crawls.forget_old_runs(session, source_id, self.settings.crawl.keep_runs)
            if error:
                sources.note_failure(session, source_id, error)
            elif state is RunState.DONE:
                sources.note_success(session, source_id)


@dataclass(slots=True)
class _Intake:
    """Takes what a crawl tells: writes it down, and queues new and changed texts as documents of the job.

    What is told in quick succession is written together; a crash costs no more than what was told in that moment.
    """

    job_id: str
    source: Source
    known: dict[str, StoredPage]
    active: dict[str, tuple[str, str]]
    database: Database
    files: FileStore
    _waiting: list[PageNote] = field(default_factory=list)
    _flushed_at: float = 0.0
    _queued: int = 0
    _began_at: float = field(default_factory=time.monotonic)

    def is_full(self) -> bool:
        """Whether it is time to take in what was found so far."""
        return self._queued > 0 and time.monotonic() > self._began_at + PART_S

    def take(self, page: CrawledPage) -> None:
        """Durable within a moment, or at the next page."""
        note = self._read(page)
        self._waiting.append(note)
        self._queued += note.file is not None
        if len(self._waiting) >= TOGETHER or time.monotonic() > self._flushed_at + TOGETHER_S:
            self.flush()

    def flush(self) -> None:
        """Write down what waits for it. Durable on return."""
        with self.database.write() as session:
            crawls.note_pages(session, self.job_id, self._waiting)
        self._waiting = []
        self._flushed_at = time.monotonic()

    def _read(self, page: CrawledPage) -> PageNote:
        if page.state is not PageState.FETCHED:
            return PageNote(page)
        if not page.content and not page.markdown.strip():
            return PageNote(replace(page, state=PageState.LEFT_OUT, note=page.note or "It holds no text."))
        return self._read_text(page)

    def _read_text(self, page: CrawledPage) -> PageNote:
        content = page.content or page_file(page)
        words = text_hash(content.hex()) if page.content else hash_words(content.decode())
        stored, (active_hash, document_id) = self.known.get(page.url), self.active.get(page.url, ("", ""))
        if stored and stored.text_hash == words:
            return PageNote(page, PageOutcome.UNCHANGED, document_id, text_hash=words)
        content_hash, size_bytes = self.files.add(io.BytesIO(content))
        name, suffix = page_name(page)
        return PageNote(
            page,
            PageOutcome.CHANGED if active_hash else PageOutcome.ADDED,
            documents.name_document(self.source.knowledge_base_id, page.url),
            FoundFile(name, page.url, content_hash, size_bytes, suffix),
            text_hash=words,
            diff=self._diff(active_hash, content) if active_hash and suffix == MARKDOWN else "",
        )

    def _diff(self, active_hash: str, content: bytes) -> str:
        before = self.files.path(active_hash)
        if not before.is_file():
            return ""
        return unified_diff(before.read_bytes().decode("utf-8", "replace"), content.decode())


@dataclass(slots=True)
class _Stop:
    """Whether a crawl is to end early; the database is asked now and then only."""

    job_id: str
    database: Database
    is_closing: Callable[[], bool]
    _asked_at: float = field(default=0.0)
    _is_cancelled: bool = False

    def is_due(self) -> bool:
        """A person stopped the job, or the service closes."""
        if not self._is_cancelled and time.monotonic() > self._asked_at + LOOK_S:
            self._asked_at = time.monotonic()
            with self.database.read() as session:
                self._is_cancelled = jobs.is_cancelled(session, self.job_id)
        return self._is_cancelled or self.is_closing()
