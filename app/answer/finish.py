"""Answers as they are handed on, with the time they took. Pure."""

from app.answer.checking.cite import CitedText
from app.answer.clock import Clock
from app.domain import Answer, Grounds, Passage, Statement, TableAnswer


def build_answer(
    cited: CitedText, passages: tuple[Passage, ...], clock: Clock, *, abstained: bool, grounds: Grounds | None = None
) -> Answer:
    """What was written, or quoted, and checked."""
    return Answer(
        text=cited.text,
        citations=cited.citations,
        passages=passages,
        abstained=abstained,
        timings_ms=clock.timings_ms(),
        statements=cited.statements,
        grounds=grounds,
    )


def build_computed(computed: TableAnswer, clock: Clock, grounds: Grounds) -> Answer:
    """What was computed of tables; its first line is the one statement."""
    sentence = len(computed.text.partition("\n")[0])
    is_verified = computed.table is not None and computed.table.is_sure
    statement = Statement(0, sentence, tuple(citation.n for citation in computed.citations), is_verified)
    return Answer(
        computed.text,
        computed.citations,
        computed.passages,
        computed.abstained,
        clock.timings_ms(),
        () if computed.abstained else (statement,),
        computed.table,
        grounds,
    )
