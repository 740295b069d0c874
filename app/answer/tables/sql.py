"""A query as SQL. Names and texts are quoted here and nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.answer.tables.query import Compared, Condition, Empty, Function, Group, Measure, OneOf, Query, Truth, Within
from app.answer.tables.schema import Field, Kind
from app.domain import Cell


def write_sql(query: Query) -> str:
    """One SELECT in DuckDB's dialect."""
    return _Writer(query).write()


@dataclass(frozen=True, slots=True)
class _Writer:
    query: Query

    def write(self) -> str:
        query = self.query
        selected = [f"{self._shown(each)} AS {quoted(group_label(each))}" for each in query.groups]
        measured = [self._measure(each) for each in query.measures]
        if query.row_field is not None:
            measured = [self._name(query.row_field)]
            labels = [query.row_field.name]
        else:
            labels = [measure_label(each) for each in query.measures]
        selected += [f"{sql} AS {quoted(label)}" for sql, label in zip(measured, labels, strict=True)]
        distinct = "" if measured or query.row_field else "DISTINCT "
        parts = [f"SELECT {distinct}{', '.join(selected)}", f"FROM {self._source()}"]
        if query.conditions:
            parts.append("WHERE " + " AND ".join(self._condition(each) for each in query.conditions))
        if query.groups and query.measures and query.row_field is None:
            parts.append("GROUP BY " + ", ".join(self._key(each) for each in query.groups))
        if query.having is not None:
            parts.append(f"HAVING count(*) {query.having.comparison} {query.having.number}")
        if query.is_counted:
            return "\n".join(['SELECT count(*) AS "count" FROM (', *parts, ")"])
        return "\n".join([*parts, *self._order(len(query.groups), measured)])

    def _order(self, groups: int, measured: Sequence[str]) -> list[str]:
        ranking = self.query.ranking
        columns = ", ".join(str(number) for number in range(1, groups + 1))
        if ranking is None:
            return [f"ORDER BY {columns}"] if groups else []
        direction = "DESC" if ranking.is_descending else "ASC"
        rank = f"rank() OVER (ORDER BY {measured[-1]} {direction} NULLS LAST) <= {ranking.count}"
        last = f"{groups + len(measured)} {direction}"
        return [f"QUALIFY {rank}", f"ORDER BY {last}" + (f", {columns}" if columns else "")]

    def _source(self) -> str:
        relation = self.query.relation
        if relation.join is None:
            return quoted(relation.table)
        join = relation.join
        on = f"{quoted(relation.table)}.{quoted(join.foreign_key)} = {quoted(join.table)}.{quoted(join.key)}"
        return f"{quoted(relation.table)} LEFT JOIN {quoted(join.table)} ON {on}"

    def _name(self, field: Field) -> str:
        if self.query.relation.join is None:
            return quoted(field.name)
        return f"{quoted(field.table)}.{quoted(field.name)}"

    def _comparable(self, field: Field) -> str:
        """Case and outer space tell cells apart only where they do so nowhere."""
        name = self._name(field)
        return f"lower(trim({name}))" if field.has_spellings else name

    def _measure(self, measure: Measure) -> str:
        if measure.part:
            part = " AND ".join(self._condition(each) for each in measure.part)
            whole = self._function(measure)
            return f"round(100.0 * {whole} FILTER (WHERE {part}) / nullif({whole}, 0), 2)"
        return self._function(measure)

    def _function(self, measure: Measure) -> str:
        if measure.field is None:
            return "count(*)"
        if measure.function is Function.DISTINCT:
            return f"count(DISTINCT {self._comparable(measure.field)})"
        return f"{measure.function}({self._name(measure.field)})"

    def _key(self, group: Group) -> str:
        return self._dated(group) if group.part else self._comparable(group.field)

    def _shown(self, group: Group) -> str:
        if group.part:
            return self._dated(group)
        if group.field.has_spellings:
            # The spelling that comes most often stands for all of them.
            name = f"trim({self._name(group.field)})"
            return f"mode({name})" if self.query.measures else self._comparable(group.field)
        return self._name(group.field)

    def _dated(self, group: Group) -> str:
        name = self._name(group.field)
        match group.part:
            case "year":
                return f"year({name})"
            case "quarter":
                return f"concat(year({name}), '-Q', quarter({name}))"
            case "month":
                return f"strftime({name}, '%Y-%m')"
            case "week":
                return f"strftime({name}, '%G-W%V')"
            case "weekday":
                return f"concat(isodow({name}), ' ', dayname({name}))"
            case _:
                return f"CAST({name} AS DATE)"

    def _condition(self, condition: Condition) -> str:
        name = self._name(condition.field)
        match condition:
            case OneOf(field, values, is_negated):
                texts = sorted({value.strip().lower() if field.has_spellings else value for value in values})
                listed = ", ".join(map(literal, texts))
                positive = f"{self._comparable(field)} IN ({listed})"
                # An empty cell is none of them either.
                return f"({positive}) IS NOT TRUE" if is_negated else positive
            case Compared(_, comparison, number):
                return f"{name} {comparison} {number}"
            case Within():
                positive = self._within(name, condition)
                return f"({positive}) IS NOT TRUE" if condition.is_negated else positive
            case Empty(_, _, or_zero=True):
                return f"coalesce({name}, 0) = 0"
            case Empty(_, is_negated):
                return f"{name} IS {'NOT ' if is_negated else ''}NULL"
            case Truth(field, is_true):
                if field.kind is Kind.TRUTH:
                    return f"{name} IS {'TRUE' if is_true else 'FALSE'}"
                said = ("yes", "y", "true", "ja", "wahr") if is_true else ("no", "n", "false", "nein", "falsch")
                return f"lower(trim({name})) IN ({', '.join(map(literal, said))})"

    def _within(self, name: str, within: Within) -> str:
        if within.months:
            return f"month({name}) IN ({', '.join(map(str, within.months))})"
        bounds = [f"{name} >= {literal(within.start)}"] if within.start else []
        bounds += [f"{name} < {literal(within.end)}"] if within.end else []
        return " AND ".join(bounds)


def quoted(name: str) -> str:
    """A name as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Cell) -> str:
    """A value as SQL takes it. Text cannot end its quotes: DuckDB knows no escape but the doubled quote."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return str(value)
        case datetime():
            return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
        case date():
            return f"DATE '{value.isoformat()}'"
        case _:
            return "'" + str(value).replace("'", "''").replace("\0", "") + "'"


def measure_label(measure: Measure) -> str:
    """The name of a figure's column in the result."""
    if measure.part:
        return "percent"
    if measure.field is None:
        return "count"
    if measure.function is Function.DISTINCT:
        return f"different {measure.field.name}"
    return f"{measure.function} {measure.field.name}"


def group_label(group: Group) -> str:
    """The name of a group's column in the result."""
    return f"{group.part} of {group.field.name}" if group.part else group.field.name
