"""What tools gave, as the writer reads it. Pure."""

from collections.abc import Sequence
from typing import Final

from app.answer.writing.prompt import quoted
from app.domain import CallOrigin, CallRecord, CallState, TableAnswer

LONGEST: Final = 2_000


def write_results(records: Sequence[CallRecord]) -> str:
    """The results that are no passages: those stand in the prompt as such.

    Calls that were not done are left out. They are no evidence, and the person has been told why.
    """
    return "\n\n".join(
        f"{record.call.name}:\n{quoted(record.result.text, LONGEST)}"
        for record in records
        if record.state is CallState.DONE and record.result and record.result.text and not record.result.passages
    )


def find_computed(records: Sequence[CallRecord]) -> TableAnswer | None:
    """The answer from tables that stands as the whole answer.

    One that the person asked for does in any case. One that the model asked for does where it is sure, and where
    nothing else was found besides; else the model writes the answer, with the table among its passages.
    """
    done = [record for record in records if record.state is CallState.DONE and record.result]
    for record in done:
        computed = record.result.computed if record.result else None
        if computed is None:
            continue
        is_sure = computed.table is not None and computed.table.is_sure
        if record.call.origin is CallOrigin.PERSON or (is_sure and len(done) == 1):
            return computed
    return None
