"""The chat page on a backend that answers word for word as the test wants: `python -m … PORT FOLDER`.

The question's first word chooses the answer. `GET /release` lets an answer that is held go on.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import uvicorn

from app.answer.events import AnswerEvent, Checked, Finished, Piece, Retrieved
from app.domain import Answer, Citation, Passage, Statement, TableResult
from app.errors import EngineUnavailable
from tests.browser.fake_backend import LEAVE, REMOTE, FakeBackend, build_citation, build_passage
from tests.browser.fake_chat import create_app

FIRST = "Each parent may take **26 weeks** of parental leave within two years of the birth [1]."
DOUBTED = "The form goes to 12 people by 3 March [2]."
LAST = "Tell your manager at least eight weeks before the leave begins [1]."
MISSING = ("12", "3 March")
TIMINGS = {"condense": 1.0, "retrieve": 90.0, "rerank": 0.0, "prompt": 210.0, "first_token": 1100.0, "total": 4230.0}
SQL = """SELECT region, sum(amount) AS total, max(day) AS latest
FROM orders
WHERE status = 'paid' AND list[1] <> '```'
GROUP BY region
ORDER BY total DESC"""


class AnswerFaces(FakeBackend):
    """Counts how often a question was asked, and holds an answer until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        self.released = asyncio.Event()

    async def answer(self, question: str) -> AsyncIterator[AnswerEvent]:
        self.asked[question] += 1
        passages = (
            build_passage(1, LEAVE, "handbook", page=3),
            build_passage(2, REMOTE, "forms"),
            build_passage(3, "Nothing of weight. " * 40, "handbook", page=4),
        )
        yield Retrieved(passages)
        match question.split()[0]:
            case "Leave":
                async for event in self._answer_in_pieces(passages):
                    yield event
            case "Orders":
                yield Finished(_computed(passages))
            case _:
                times = self.asked[question]
                if "flaky" in question and times > 1:
                    raise EngineUnavailable("The language model is warming up.")
                if "slow" in question and times > 1:
                    await asyncio.sleep(60)
                text = f"This is answer {times} to “{question}” [1]."
                statements = (Statement(0, len(text), (1,), is_verified=True),)
                yield Piece(text)
                yield Finished(_finished(text, (build_citation(passages[0], LEAVE[:76]),), passages, statements))

    async def _answer_in_pieces(self, passages: tuple[Passage, ...]) -> AsyncIterator[AnswerEvent]:
        """Two sentences checked while the third is held back."""
        first, second = (
            build_citation(passages[0], LEAVE[:76]),
            build_citation(passages[1], "The form asks", verified=False),
        )
        text = f"{FIRST} {DOUBTED}\n\n{LAST}"
        doubt = len(FIRST) + 1
        statements = (
            Statement(0, len(FIRST), (1,), is_verified=True),
            Statement(doubt, doubt + len(DOUBTED), (2,), is_verified=False, missing=MISSING),
            Statement(doubt + len(DOUBTED) + 2, len(text), (1,), is_verified=True),
        )
        for word in FIRST.replace(" [1]", "").split():
            yield Piece(f"{word} ")
            await asyncio.sleep(0.01)
        yield Checked(FIRST, " ", (first,), statements[:1])
        for word in DOUBTED.replace(" [2]", "").split():
            yield Piece(f"{word} ")
            await asyncio.sleep(0.01)
        yield Checked(f"{FIRST} {DOUBTED}", "\n\nTell your", (first, second), statements[:2])
        await self.released.wait()
        yield Piece(" manager")
        yield Finished(_finished(text, (first, second), passages, statements))


def _finished(
    text: str, citations: tuple[Citation, ...], passages: tuple[Passage, ...], statements: tuple[Statement, ...]
) -> Answer:
    return Answer(text, citations, passages, abstained=False, timings_ms=TIMINGS, statements=statements)


def _computed(passages: tuple[Passage, ...]) -> Answer:
    text = "North sold most: 1234.5 in all [4]."
    rows = tuple((f"Region {n} [1] <b>", 1234.5 / n, date(2024, 3, n)) for n in range(1, 13))
    table = TableResult(SQL, ("region", "total", "latest"), rows, False, ("orders",), False, ("yesterday",))
    citation = Citation(4, "orders", "orders.csv", None, 0, 20, "region,amount,day", verified=True)
    statements = (Statement(0, len(text), (4,), is_verified=True),)
    return Answer(text, (citation,), passages, False, TIMINGS, statements, table)


if __name__ == "__main__":
    port, place = int(sys.argv[1]), Path(sys.argv[2])
    backend = AnswerFaces()
    app = create_app(place, backend)

    @app.get("/release")
    async def release() -> None:
        """Let the held answer, and all after it, go on."""
        backend.released.set()

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
