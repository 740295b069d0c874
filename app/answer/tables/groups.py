"""What a figure is asked for each of: “per region and month”."""

from typing import cast

from app.answer.tables.operations import Op
from app.answer.tables.query import (
    Group,
    Part,
)
from app.answer.tables.reading import Reading, doubt
from app.answer.tables.schema import Kind


def read_groups(reading: Reading) -> list[Group]:
    """All of them, in the order in which they are named."""
    groups: list[Group] = []
    for at, each in enumerate(reading.marks):
        is_after = each.op is Op.AFTER and reading.tokens[each.start].norm == "nach"
        if (each.op is Op.GROUP or is_after) and reading.is_open(at):
            groups += _groups_after(reading, at)
        elif each.part and reading.is_open(at) and reading.tokens[each.start].norm.endswith(("ly", "lich")):
            groups += dated_group(reading, at)
    return groups


def _groups_after(reading: Reading, at: int) -> list[Group]:
    """“per region and month”: what stands right behind, and what an “and” adds."""
    groups: list[Group] = []
    place = at + 1
    while place < len(reading.marks):
        each = reading.marks[place]
        is_joint = each.op in (Op.AND, Op.OF, Op.IN, Op.GROUP) or each.is_filler
        if is_joint:
            place += 1
            continue
        found = _group_at(reading, place) if reading.is_open(place) else []
        if not found:
            break
        groups += found
        reading.use(at, place)
        place += 1
        if place < len(reading.marks) and reading.marks[place].op is not Op.AND:
            break
    return groups


def _group_at(reading: Reading, place: int) -> list[Group]:
    each = reading.marks[place]
    if each.part:
        return dated_group(reading, place)
    if each.fields and not each.fields[0].is_measure:
        doubt(reading, place)
        return [Group(each.fields[0])]
    return []


def dated_group(reading: Reading, place: int) -> list[Group]:
    """The part of a date that stands here, of the column that is named or the only one there is."""
    dates = [each for each in reading.relation.fields if each.kind in (Kind.DATE, Kind.MOMENT)]
    if not dates:
        return []
    named = [each for each in dates if any(each in mark.fields for mark in reading.marks)]
    if len(dates) > 1 and len(named) != 1:
        reading.doubts.append("date column")
    reading.use(place)
    return [Group((named or dates)[0], cast(Part, reading.marks[place].part))]
