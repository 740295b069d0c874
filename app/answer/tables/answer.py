"""Answers questions that compute from the tables of the documents that a person may read."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import Final

from app.access import Access
from app.answer.tables import wording
from app.answer.tables.asks import Wish, wish_of
from app.answer.tables.choose import choose_tables
from app.answer.tables.find import Found, rank_of, read_tables, with_doubt_of_table
from app.answer.tables.parse import Parsed
from app.answer.tables.profile import StoredTable
from app.answer.tables.propose import Run, propose
from app.answer.tables.schema import Relation
from app.answer.tables.sql import write_sql
from app.answer.tables.synonyms import VOCABULARY
from app.answer.tables.words import tokenise
from app.answer.text.language import question_language
from app.db import documents
from app.db import passages as passage_rows
from app.db.files import FileStore
from app.db.session import Database
from app.domain import Citation, Passage, Selected, TableAnswer, TableResult
from app.errors import Rejected
from app.ports import Generator, TableReader
from app.settings import Settings

log = logging.getLogger("cloister")
# The model that is installed with Cloister writes no SQL that is worth running.
_BUNDLED: Final = "package:"


@dataclass(frozen=True, slots=True)
class TableAnswers:
    """What it takes. Sync: call it in a thread."""

    settings: Settings
    database: Database
    files: FileStore
    reader: TableReader
    generator: Generator

    def answer(
        self,
        question: str,
        passages: Sequence[Passage],
        *,
        access: Access,
        cancelled: Event,
        is_wanted: bool = False,
    ) -> TableAnswer | None:
        """The answer, or None where the question does not compute or is not one about these tables.

        `is_wanted`: somebody asks for the tables and for nothing else; then any question may be one about them.
        Raises EngineUnavailable where no query can be run.
        """
        tokens = tokenise(question, VOCABULARY)
        wish = Wish.STRONG if is_wanted else wish_of(tokens)
        if wish is Wish.NONE or not access.readable:
            return None
        tables = self._readable_tables(access)
        chosen = choose_tables(tables, tokens, passages, most=self.settings.tables.most_tables)
        found = read_tables(question, chosen, self.reader)
        if not found:
            return None
        best = max(found, key=lambda each: (each.rank, -rank_of(each, passages)))
        best = with_doubt_of_table(best, found)
        return _Answering(self, question, tuple(passages), best, found, wish, cancelled, is_wanted).answer()

    def _readable_tables(self, access: Access) -> list[StoredTable]:
        """Tables of active versions in the knowledge bases that the person may read, and no others."""
        with self.database.read() as session:
            stored = documents.list_tables(session, [base.id for base in access.readable.values()])
        return [
            StoredTable(each.document_id, each.document, each.language, self.files.path(each.tables_hash), table)
            for each in stored
            for table in each.tables
        ]


@dataclass(frozen=True, slots=True)
class _Answering:
    line: TableAnswers
    question: str
    passages: tuple[Passage, ...]
    best: Found
    found: Sequence[Found]
    wish: Wish
    cancelled: Event
    is_wanted: bool

    def answer(self) -> TableAnswer | None:
        """By the rule where it is sure, else by the model where one is able, else by the rule with its doubts."""
        ruled = self._by_rule()
        if ruled is not None and ruled.table is not None and ruled.table.is_sure and not self._model_always():
            return ruled
        if self._asks_model():
            proposed = self._by_model(ruled)
            if proposed is not None:
                return proposed
        return ruled

    # --- by the rule --------------------------------------------------------------------------------

    def _by_rule(self) -> TableAnswer | None:
        parsed = self.best.parsed
        if parsed.is_sure:
            is_about_it = bool(parsed.linked or parsed.is_named) and (self.is_wanted or not parsed.is_lookup)
            return self._computed(parsed) if is_about_it else None
        is_first = bool(self.passages) and self.passages[0].document_id == parsed.relation.document_id
        if self.wish is not Wish.STRONG or not (is_first or self.is_wanted):
            return None
        # A figure without a word that may tell rows apart is another figure: better none.
        if parsed.query is not None and not parsed.narrowing:
            return self._computed(parsed)
        is_about_it = bool(parsed.linked or parsed.is_named) or self._has_only_tables()
        is_failure = is_about_it and parsed.unused and not self._is_found(parsed.unknown)
        return self._not_computed(parsed) if is_failure else None

    def _is_found(self, words: Sequence[str]) -> bool:
        """Whether a passage holds one of these words: then the text may say what the tables cannot."""
        found = {token.norm for passage in self.passages for token in tokenise(passage.full_text)}
        return any(token.norm in found for word in words for token in tokenise(word))

    def _has_only_tables(self) -> bool:
        with_tables = {each.stored.document_id for each in self.found}
        return all(passage.document_id in with_tables for passage in self.passages)

    def _computed(self, parsed: Parsed) -> TableAnswer | None:
        assert parsed.query is not None
        try:
            result = self._run(write_sql(parsed.query))
            others = [self._run(write_sql(each)).rows for each in parsed.alternatives]
        except Rejected as exc:
            # Too slow, or too large. The text of a few rows is no answer to what takes all of them.
            log.warning("A query of our own was stopped: %s", type(exc).__name__)
            return self._failed(parsed.relation)
        doubts = list(parsed.doubts)
        if any(rows != result.rows for rows in others):
            doubts.append("column of a value")
        is_sure = parsed.is_sure and not doubts
        passage, citation, marker = self._cite(parsed.relation)
        text = wording.say(parsed, result, language=self._language, doubts=doubts, marker=marker)
        table = self._result(write_sql(parsed.query), result, is_sure=is_sure, unused=parsed.unused)
        return TableAnswer(text, (citation,), self._with(passage), table)

    def _failed(self, relation: Relation) -> TableAnswer:
        """That the table could not be asked."""
        passage, citation, marker = self._cite(relation)
        text = wording.say_failure(relation, language=self._language, marker=marker)
        return TableAnswer(text, (citation,), self._with(passage), None, abstained=True)

    def _not_computed(self, parsed: Parsed) -> TableAnswer:
        """Which words stand in the way."""
        passage, citation, marker = self._cite(parsed.relation)
        if parsed.unknown:
            text = wording.say_no_column(parsed.unknown, parsed.relation, language=self._language, marker=marker)
        else:
            text = wording.say_not_read(parsed.narrowing or parsed.unused, parsed.relation, self._language, marker)
        return TableAnswer(text, (citation,), self._with(passage), None, abstained=True)

    # --- by the model -------------------------------------------------------------------------------

    def _model_always(self) -> bool:
        return self.line.settings.tables.proposer == "model"

    def _asks_model(self) -> bool:
        is_bundled = self.line.settings.generator.model.startswith(_BUNDLED)
        match self.line.settings.tables.proposer:
            case "rule":
                return False
            case "model":
                is_able = True
            case "auto":
                is_able = not is_bundled
        is_about_it = bool(self.best.parsed.linked) and self.wish is Wish.STRONG
        return is_able and is_about_it and rank_of(self.best, self.passages) <= len(self.passages)

    def _by_model(self, ruled: TableAnswer | None) -> TableAnswer | None:
        """What the model's query gives; sure only where the rule, being sure, gives the same."""
        relation = self.best.parsed.relation
        relations = [
            each.parsed.relation
            for each in self.found
            if each.stored.document_id == relation.document_id and each.parsed.relation.join is None
        ]
        run = Run(self.line.reader, self.best.stored.path, self.line.settings.tables.max_rows)
        proposed = propose(self.question, relations, generator=self.line.generator, run=run, cancelled=self.cancelled)
        passage, citation, marker = self._cite(relation)
        if proposed is None:
            return ruled or self._failed(relation)
        sql, result = proposed
        if ruled is not None and ruled.table is not None and ruled.table.is_sure and ruled.table.rows == result.rows:
            return ruled
        text = wording.say_rows(result, relation, language=self._language, marker=marker)
        text += wording.say_doubts((), ("model",), self._language)
        return TableAnswer(text, (citation,), self._with(passage), self._result(sql, result, is_sure=False))

    # --- what both need -----------------------------------------------------------------------------

    @property
    def _language(self) -> str:
        known = self.line.settings.sparse.languages
        return question_language(self.question, known) or self.best.stored.language

    def _run(self, sql: str) -> Selected:
        return self.line.reader.select(self.best.stored.path, sql, max_rows=self.line.settings.tables.max_rows)

    def _result(self, sql: str, result: Selected, *, is_sure: bool, unused: Sequence[str] = ()) -> TableResult:
        document_ids = (self.best.stored.document_id,)
        return TableResult(sql, result.columns, result.rows, result.is_cut, document_ids, is_sure, tuple(unused))

    def _cite(self, relation: Relation) -> tuple[Passage, Citation, str]:
        """The passage that shows the table's header, and its header word for word."""
        with self.line.database.read() as session:
            first = relation.fields[0].name
            passage = passage_rows.find_table_passage(session, relation.document_id, first)
        assert passage is not None, "a document that answers has chunks"
        start, end = _header_of(passage.text, first)
        quote = passage.text[start:end]
        start, end = start + passage.start, end + passage.start
        page = passage.page_at(start)
        citation = Citation(
            1,
            passage.document_id,
            passage.document,
            page,
            start,
            end,
            quote,
            verified=True,
            added=passage.added,
            flags=passage.flags,
        )
        return passage, citation, "[1]"

    def _with(self, passage: Passage) -> tuple[Passage, ...]:
        others = [each for each in self.passages if each.chunk_id != passage.chunk_id]
        found = next((each for each in self.passages if each.chunk_id == passage.chunk_id), passage)
        return tuple(replace(each, rank=rank) for rank, each in enumerate([found, *others], start=1))


def _header_of(text: str, first_column: str) -> tuple[int, int]:
    """Where the header row stands in a passage; its first line with words where there is none."""
    start = text.find(f"| {first_column} |")
    start = max(start, 0)
    if start == 0:
        start = len(text) - len(text.lstrip("#\n "))
    end = text.find("\n", start)
    row = text[start : len(text) if end < 0 else end].rstrip()
    return start, start + len(row)
