"""Words that say who did something or whose it is, and narrow nothing by themselves."""

from app.answer.tables.operations import Op
from app.answer.tables.query import (
    OneOf,
)
from app.answer.tables.reading import Reading
from app.answer.tables.schema import Kind


def silence_agents(reading: Reading) -> None:
    """“sold by Anna”, “made by customers from Spain”: who did it, not what to group by."""
    cells = {at for at, condition in reading.conditions if isinstance(condition, OneOf)}
    for at, each in enumerate(reading.marks):
        if each.op is not Op.GROUP or reading.tokens[each.start].norm not in ("by", "of"):
            continue
        after = reading.after(at)
        is_agent = at > 0 and reading.tokens[each.start - 1].norm.endswith(("ed", "de", "ld", "ght", "en"))
        is_many = after < len(reading.marks) and reading.tokens[reading.marks[after].end - 1].norm.endswith("s")
        if after in cells or (is_agent and is_many and reading.after(after) in cells):
            reading.use(at)
            reading.silent.update(place for place in (after, reading.after(after)) if place < len(reading.marks))


def silence_whose(reading: Reading) -> None:
    """“revenue of customers from Spain”: the cell says which rows; whose they are says no more."""
    cells = {at for at, condition in reading.conditions if isinstance(condition, OneOf)}
    for at, each in enumerate(reading.marks):
        is_text = bool(each.fields) and each.fields[0].kind is Kind.TEXT
        if is_text and reading.is_open(at) and ({reading.before(at), reading.after(at)} & cells):
            reading.silent.add(at)
