"""Says a result: one sentence with the figure, and the first rows of a longer one. Cells are data, never markup."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from app.answer.tables.parse import Parsed
from app.answer.tables.query import Compared, Condition, Empty, Function, Measure, OneOf, Query, Truth, Within
from app.answer.tables.schema import Relation
from app.answer.tables.shown import column, escape, format_cell, source_of
from app.answer.text.phrases import TablePhrases, table_phrases_for
from app.domain import Cell, Selected

SHOWN_ROWS: Final = 10
_SHOWN_VALUES: Final = 6


def say(parsed: Parsed, result: Selected, *, language: str, doubts: Sequence[str], marker: str) -> str:
    """The answer's text; `marker` is the citation `[n]`."""
    assert parsed.query is not None
    phrases = table_phrases_for(language)
    sentence = _Sentence(parsed.query, result, language, phrases).write(marker)
    return sentence + say_doubts(parsed.unused, doubts, language)


def say_doubts(unused: Sequence[str], doubts: Sequence[str], language: str) -> str:
    """What stands in the way of being sure, as a sentence; "" where nothing does."""
    phrases = table_phrases_for(language)
    words = ", ".join(f"“{escape(word)}”" for word in unused)
    reasons = [phrases.unused.format(words=words)] if unused else []
    reasons += [phrases.by_model if each == "model" else phrases.doubts[each] for each in doubts]
    return f"\n\n{phrases.unsure} {'; '.join(reasons)}." if reasons else ""


def say_no_column(words: Sequence[str], relation: Relation, *, language: str, marker: str) -> str:
    """Which columns there are, where the one that was asked for is not."""
    phrases = table_phrases_for(language)
    return _cited(
        phrases.no_column.format(
            words="“" + escape(" ".join(words)) + "”",
            source=source_of(relation),
            columns=", ".join(column(each.name) for each in relation.fields),
        ),
        marker,
    )


def say_not_read(words: Sequence[str], relation: Relation, language: str, marker: str) -> str:
    """Which words the rules cannot make a query of."""
    phrases = table_phrases_for(language)
    listed = phrases.join.join(f"“{escape(word)}”" for word in words)
    return _cited(phrases.not_read.format(words=listed, source=source_of(relation)), marker)


def say_rows(result: Selected, relation: Relation, *, language: str, marker: str) -> str:
    """A result whose query nobody can put into words."""
    phrases = table_phrases_for(language)
    if len(result.rows) == 1 and len(result.columns) == 1:
        value = f"**{format_cell(result.rows[0][0], language)}**"
        return _cited(
            phrases.figure.format(
                **_both(column(result.columns[0])), value=value, where="", source=source_of(relation)
            ),
            marker,
        )
    lead = phrases.grouped.format(
        **_both(column(result.columns[-1])), groups=column(result.columns[0]), where="", source=source_of(relation)
    )
    return _cited(lead + _rows(result, language, phrases, labels=len(result.columns) - 1), marker)


def say_failure(relation: Relation, *, language: str, marker: str) -> str:
    """That nothing came of it."""
    return _cited(table_phrases_for(language).failed.format(source=source_of(relation)), marker)


class _Sentence:
    def __init__(self, query: Query, result: Selected, language: str, phrases: TablePhrases) -> None:
        self._query, self._result, self._language, self._phrases = query, result, language, phrases

    def write(self, marker: str) -> str:
        query, rows = self._query, self._result.rows
        labels = 0 if query.is_counted else len(query.groups)
        facts = {"where": self._where(), "source": source_of(query.relation)}
        if not rows or (not labels and all(cell is None for cell in rows[0])):
            return _cited(self._phrases.no_rows.format(**facts), marker)
        if not labels:
            whats = self._counted() if query.is_counted else self._phrases.join.join(map(self._what, query.measures))
            values = self._phrases.join.join(f"**{self._figure(i, rows[0][i])}**" for i in range(len(rows[0])))
            text = self._phrases.figure.format(**_both(whats), value=values, **facts)
        elif not query.measures and query.row_field is None:
            text = self._listed(facts)
        elif query.ranking and query.ranking.count == 1 and len(rows) == 1:
            name = self._phrases.join.join(f"**{self._label(cell)}**" for cell in rows[0][:labels])
            value = f"**{self._figure(0, rows[0][-1])}**"
            text = self._phrases.first.format(name=name, **_both(self._whats()), value=value, **facts)
        else:
            text = self._many(facts)
        return _cited(text + self._rest(labels), marker) + self._spellings()

    def _many(self, facts: dict[str, str]) -> str:
        if self._query.ranking:
            return self._phrases.ranked.format(n=len(self._result.rows), **_both(self._whats()), **facts)
        groups = self._phrases.join.join(column(each) for each in self._result.columns[: len(self._query.groups)])
        return self._phrases.grouped.format(**_both(self._whats()), groups=groups, **facts)

    def _listed(self, facts: dict[str, str]) -> str:
        columns = self._phrases.join.join(map(column, self._result.columns))
        return self._phrases.listed.format(n=f"**{len(self._result.rows)}**", groups=columns, **facts)

    def _rest(self, labels: int) -> str:
        is_single = len(self._result.rows) == 1 and (not labels or self._query.ranking)
        return "" if is_single else _rows(self._result, self._language, self._phrases, labels=labels)

    def _spellings(self) -> str:
        fields = {each.field for each in (*self._query.groups, *self._query.conditions)}
        fields |= {each.field for each in self._query.measures if each.field and each.function is Function.DISTINCT}
        return f"\n\n{self._phrases.spellings}" if any(each.has_spellings for each in fields) else ""

    def _counted(self) -> str:
        """“number of different `Customer`”, for groups of which only some are counted."""
        return self._phrases.of[Function.DISTINCT].format(column=column(self._query.groups[0].field.name))

    def _whats(self) -> str:
        if self._query.row_field is not None:
            return self._phrases.of["row"].format(column=column(self._query.row_field.name))
        return self._phrases.join.join(map(self._what, self._query.measures))

    def _what(self, measure: Measure) -> str:
        name = column(measure.field.name) if measure.field else ""
        if measure.part:
            share = self._phrases.share_of_sum if measure.field else self._phrases.share
            parts = self._phrases.join.join(self._condition(each) for each in measure.part)
            return f"{share.format(column=name)} ({parts})"
        return self._phrases.of[measure.function].format(column=name)

    def _figure(self, at: int, cell: Cell) -> str:
        measures = self._query.measures
        text = format_cell(cell, self._language)
        return f"{text} %" if at < len(measures) and measures[at].part else text

    def _label(self, cell: Cell) -> str:
        return self._phrases.empty_cell if cell is None else escape(str(cell))

    def _where(self) -> str:
        found = [self._condition(each) for each in self._query.conditions]
        if (having := self._query.having) is not None:
            found.append(f"{self._phrases.of[Function.COUNT]} {escape(having.comparison)} {having.number}")
        return f" ({'; '.join(found)})" if found else ""

    def _condition(self, condition: Condition) -> str:
        name, phrases = column(condition.field.name), self._phrases
        match condition:
            case OneOf(_, values, is_negated):
                shown = list(dict.fromkeys(escape(value.strip()) for value in values))[:_SHOWN_VALUES]
                listed = phrases.either.join(shown)
                return phrases.is_not.format(column=name, values=listed) if is_negated else f"{name}: {listed}"
            case Compared(_, comparison, number):
                return f"{name} {escape(comparison)} {format_cell(number, self._language)}"
            case Within():
                text = self._within(name, condition)
                return phrases.is_not.format(column="", values=text).strip() if condition.is_negated else text
            case Empty(_, _, or_zero=True):
                return phrases.is_empty_or_zero.format(column=name)
            case Empty(_, is_negated):
                return (phrases.is_filled if is_negated else phrases.is_empty).format(column=name)
            case Truth(_, is_true):
                return (phrases.is_true if is_true else phrases.is_false).format(column=name)

    def _within(self, name: str, within: Within) -> str:
        if within.months:
            return self._phrases.months.format(column=name, values=", ".join(map(str, within.months)))
        if within.start is None:
            return self._phrases.before.format(column=name, end=within.end)
        if within.end is None:
            return self._phrases.since.format(column=name, start=within.start)
        last = within.end - timedelta(days=1)
        return f"{name}: {within.start}" if last == within.start else f"{name}: {within.start} – {last}"


def _rows(result: Selected, language: str, phrases: TablePhrases, *, labels: int) -> str:
    """The first rows as text, “North: 12; South: 7”; the first `labels` cells of a row are names, the others figures.

    The faces show the whole result as a table.
    """
    shown = [_row(row, language, phrases, labels) for row in result.rows[:SHOWN_ROWS]]
    more = len(result.rows) - SHOWN_ROWS
    rest = [phrases.more_rows.format(n=more)] if more > 0 else []
    return " " + "; ".join([*shown, *rest]) + "."


def _row(row: Sequence[Cell], language: str, phrases: TablePhrases, labels: int) -> str:
    names = [phrases.empty_cell if cell is None else escape(str(cell)) for cell in row[:labels]]
    figures = [format_cell(cell, language) for cell in row[labels:]]
    return ": ".join(part for part in (", ".join(names), ", ".join(figures)) if part)


def _both(what: str) -> dict[str, str]:
    """The same words within a sentence and at its beginning."""
    return {"what": what, "What": what[:1].upper() + what[1:]}


def _cited(sentence: str, marker: str) -> str:
    return f"{sentence} {marker}"
