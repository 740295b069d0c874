"""Two models side by side on one question, with a vote. For everybody who is signed in."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from threading import Event
from typing import Annotated, Final

from fastapi import APIRouter, Form, Response
from fastapi.responses import StreamingResponse

from app.answer.events import Checked, Finished, Piece
from app.domain import Question
from app.domain.votes import Outcome, Side
from app.errors import CloisterError
from app.operations import comparisons
from app.web.admin.guard import GuardedRoute
from app.web.admin.page import Page, PageOf
from app.web.admin.prose import render_prose

router = APIRouter(route_class=GuardedRoute)
PATH: Final = "/compare"
# An empty field of a form is none at all: the service's own model, whose id is empty, needs a word.
ANY, OWN = "any", "own"
Id = Annotated[str, Form(max_length=64)]


@router.get(PATH)
def show(page: PageOf) -> Response:
    """Where a question is put to two models."""
    bases = sorted(page.caller.access.readable.values(), key=lambda base: base.name)
    return page.show("compare/ask.html", models=comparisons.list_models(page.services), bases=bases, any=ANY, own=OWN)


@router.post(PATH)
def start(
    page: PageOf,
    question: Annotated[str, Form(max_length=comparisons.LONGEST_QUESTION)],
    first: Id = ANY,
    second: Id = ANY,
    kb: Id = "",
) -> Response:
    """A new comparison; the answers are written once its page is there."""
    ids = None if ANY in (first, second) else ["" if each == OWN else each for each in (first, second)]
    id = comparisons.start(Question(question.strip()), page.caller, page.services, model_ids=ids, knowledge_base_id=kb)
    return page.go(f"{PATH}/{id}")


@router.get(f"{PATH}/{{id}}")
def compare(page: PageOf, id: str) -> Response:
    """Both answers as they are written; who wrote which is said after the vote."""
    comparison = comparisons.get(id, page.caller, page.services)
    return page.show("compare/one.html", comparison=comparison, sides=list(Side), outcomes=list(Outcome))


@router.get(f"{PATH}/{{id}}/{{side}}")
def write(page: PageOf, id: str, side: Side) -> Response:
    """The answer of one side as server-sent events: `text` …, then `done` with HTML, or `failed`."""
    comparisons.get(id, page.caller, page.services)
    return StreamingResponse(_events(page, id, side), media_type="text/event-stream")


@router.post(f"{PATH}/{{id}}/vote")
def vote(page: PageOf, id: str, outcome: Annotated[Outcome, Form()]) -> Response:
    """Which was better; then the models' names."""
    decided = comparisons.vote(id, outcome, page.caller, page.services)
    return page.show("compare/voted.html", comparison=decided, sides=list(Side))


async def _events(page: Page, id: str, side: Side) -> AsyncIterator[str]:
    """What the model writes, its checked sentences in place of the pieces before them. Ends with its reader."""
    cancelled = Event()
    written = ""
    try:
        events = comparisons.answer(id, side, page.caller, page.services, cancelled=cancelled)
        async with aclosing(events) as stream:  # type: ignore[type-var]
            async for event in stream:
                match event:
                    case Piece(text):
                        written += text
                        yield _event("text", written)
                    case Checked(text, pending):
                        written = text + pending
                        yield _event("text", written)
                    case Finished(answer):
                        html = page.fill("compare/answer.html", answer=answer, prose=render_prose(answer.text))
                        yield _event("done", html)
    except CloisterError as exc:  # the status line is out already: the stream itself must say it
        yield _event("failed", str(exc))
    finally:
        cancelled.set()


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
