"""The chat page on a fake backend that answers by the question's first word: `python -m … PORT FOLDER`."""

import asyncio
from collections.abc import AsyncIterator

from app.answer.events import AnswerEvent, Finished, Piece, Retrieved
from app.domain import Answer
from app.errors import EngineUnavailable
from tests.browser.fake_backend import LEAVE, REMOTE, FakeBackend, build_citation, build_passage
from tests.browser.fake_chat import serve

QUOTE = "Each parent may take parental leave of 26 weeks within two years of the birth."
TEXT = (
    "Each parent may take **26 weeks** of parental leave within two years of the birth, and the company pays the "
    "first 14 weeks in full [1]. The request needs the first and the last day and the name of a stand-in [2].\n\n"
    "Tell your manager at least eight weeks before the leave begins [1]."
)


class Groundwork(FakeBackend):
    """An answer with two citations, or one of the things that may happen instead."""

    async def answer(self, question: str) -> AsyncIterator[AnswerEvent]:
        if question.startswith("Warm"):
            raise EngineUnavailable("The language model is warming up; this takes about a minute after a start.")
        if question.startswith("Fail"):
            raise ZeroDivisionError
        await asyncio.sleep(0.3)
        passages = (build_passage(1, LEAVE, "handbook", page=3), build_passage(2, REMOTE, "forms"))
        yield Retrieved(passages)
        if question.startswith("Tell"):
            for n in range(200):
                yield Piece(f"word {n} ")
                await asyncio.sleep(0.05)
        if question.startswith("Where is the moon"):
            yield Finished(Answer("", (), passages, abstained=True, timings_ms={}))
            return
        for word in TEXT.split(" "):
            yield Piece(f"{word} ")
            await asyncio.sleep(0.01)
        citations = (
            build_citation(passages[0], QUOTE),
            build_citation(passages[1], "The form asks for the first and the last day", verified=False),
        )
        yield Finished(Answer(TEXT, citations, passages, abstained=False, timings_ms={"total": 3200.0}))


if __name__ == "__main__":
    serve(Groundwork())
