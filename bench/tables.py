"""How many questions about tables are answered exactly, and whether a wrong figure is ever shown as sure."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from app.access import Access
from app.answer.events import Finished
from app.answer.pipeline import AnswerLine
from app.domain import Answer, Question
from bench import table_files as files
from bench.report import Figure, Result
from bench.service import open_access, opened_services, take_in
from bench.sizes import Size
from bench.table_questions import TableQuestion, is_exact, is_wrong_and_sure, list_questions
from bench.table_questions_other import list_other_questions, write_other_files

LEAST_EXACT = 0.9


def run(size: Size) -> Result:
    """A CSV of 10,000 rows and a workbook, and then files of other kinds, each set in a knowledge base of its own."""
    with TemporaryDirectory(prefix="cloister-bench-") as folder, opened_services() as services:
        services.ingest()
        orders = files.make_orders(size.pick(tiny=200, quick=2_000, normal=files.ROWS))
        bookings, guests = files.make_bookings()
        first, second = Path(folder) / "first", Path(folder) / "second"
        first.mkdir()
        second.mkdir()
        files.write_orders(orders, first / "orders.csv")
        files.write_bookings(bookings, guests, first / "bookings.xlsx")
        write_other_files(second)
        take_in(services, [first], knowledge_base="First")
        take_in(services, [second], knowledge_base="Second")
        line, every = services.answer_line(), size.pick(tiny=9, quick=1, normal=1)
        questions = list_questions(orders, bookings, guests)[::every]
        figures, notes = _ask("orders and bookings", questions, line, open_access(services, "First"))
        more = _ask("other files", list_other_questions()[::every], line, open_access(services, "Second"))
    return Result((*figures, *more[0]), (*notes, *more[1]))


def _ask(
    name: str, questions: Sequence[TableQuestion], line: AnswerLine, access: Access
) -> tuple[list[Figure], list[str]]:
    answered, seconds = [], []
    for question in questions:
        begun = time.perf_counter()
        answered.append((question, asyncio.run(_last(line, access, question.text))))
        seconds.append(time.perf_counter() - begun)
    exact = [is_exact(question, answer) for question, answer in answered]
    wrong = [question.text for question, answer in answered if is_wrong_and_sure(question, answer)]
    sure = sum(answer.table is not None and answer.table.is_sure for _, answer in answered)
    share = sum(exact) / len(exact)
    figures = [
        Figure(
            f"{name}: exact, of {len(exact)}",
            "questions",
            sum(exact),
            target=f"share ≥ {LEAST_EXACT:g}",
            is_met=share >= LEAST_EXACT,
        ),
        Figure(f"{name}: wrong and shown as sure", "questions", len(wrong), target="0", is_met=not wrong),
        Figure(f"{name}: sure", "questions", sure),
        Figure(f"{name}: median time of an answer", "ms", 1000 * sorted(seconds)[len(seconds) // 2]),
    ]
    missed = [
        f"not exact: {question.text}" for (question, _), is_right in zip(answered, exact, strict=True) if not is_right
    ]
    return figures, [*missed, *(f"WRONG AND SURE: {text}" for text in wrong)]


async def _last(line: AnswerLine, access: Access, text: str) -> Answer:
    async for event in line.answer(Question(text), access=access, cancelled=Event()):
        if isinstance(event, Finished):
            return event.answer
    raise RuntimeError("The answer line ended without an answer.")
