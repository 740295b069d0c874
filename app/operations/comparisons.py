"""Two models side by side on one question, votes on them, and what the votes come to."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from threading import Event
from typing import Final

from app.access import Access, Caller, ReadableKnowledgeBase
from app.answer.events import AnswerEvent, Finished
from app.db import votes
from app.db.columns import utc_now
from app.domain import MemberRole, Passage, Question
from app.domain.votes import Outcome, Side, Vote
from app.errors import Forbidden, NotFound, Rejected
from app.lab.comparisons import Comparison, Contestant
from app.lab.ratings import Rating, rate
from app.operations import assistants
from app.services import Services

LONGEST_QUESTION: Final = 20_000
_LOTS: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Standing:
    """What votes come to. `bases`: the knowledge bases that the viewer may look at; `total`: the votes counted."""

    bases: tuple[ReadableKnowledgeBase, ...]
    ratings: list[Rating]
    total: int


def list_models(services: Services) -> list[Contestant]:
    """The models that may be compared: the service's own first, then those that are offered besides, by name."""
    generator = services.generator.peek()
    own = generator.model_id if generator else services.settings.generator.model
    with services.database.read() as session:
        offered = votes.list_offered(session)
    # Of one name, votes could not be told apart.
    return [Contestant("", own), *(Contestant(id, label) for id, label in offered if label != own)]


def start(
    question: Question,
    caller: Caller,
    services: Services,
    *,
    model_ids: Sequence[str] | None = None,
    knowledge_base_id: str = "",
) -> str:
    """Put a question to two models, drawn by lot unless they are named; returns the comparison's id.

    Nothing is written yet: see `answer`. Raises Rejected, NotFound.
    """
    if not question.text.strip() or len(question.text) > LONGEST_QUESTION:
        raise Rejected(f"Write a question of at most {LONGEST_QUESTION:,} characters.")
    _narrow(caller.access, knowledge_base_id)
    chosen = _choose(list_models(services), model_ids)
    comparison = Comparison(caller.id, question, dict(zip(Side, chosen, strict=True)), knowledge_base_id)
    services.comparisons.add(comparison)
    return comparison.id


def get(id: str, caller: Caller, services: Services) -> Comparison:
    """A comparison of the caller's. Raises NotFound."""
    return services.comparisons.get(id, caller.id)


async def answer(
    id: str, side: Side, caller: Caller, services: Services, *, cancelled: Event
) -> AsyncIterator[AnswerEvent]:
    """The answer of one side, event by event, as the default assistant would have it; kept and counted nowhere.

    Both sides read the same passages with the same settings, without tools and tables: only the model differs.
    Raises CloisterError.
    """
    services.require_ready()
    comparison = get(id, caller, services)
    access = _narrow(caller.access, comparison.knowledge_base_id)
    assisted = await asyncio.to_thread(assistants.assist_by_default, access, services)
    model = comparison.sides[side].id
    options = replace(assisted.options, model=model, tools=frozenset())
    events = services.answer(comparison.question, access=assisted.access, cancelled=cancelled, options=options)
    async with aclosing(events) as stream:  # type: ignore[type-var]
        async for event in stream:
            if isinstance(event, Finished):
                read = await asyncio.to_thread(_read_ids, event.answer.passages, assisted.access, services)
                services.comparisons.finish(id, caller.id, side, read)
            yield event


def vote(id: str, outcome: Outcome, caller: Caller, services: Services) -> Comparison:
    """Say which answer was better, once; what comes back may be shown with the models' names.

    Raises NotFound; Rejected for a second vote, and before both answers are there.
    """
    decided = services.comparisons.decide(id, caller.id, outcome)
    left, right = (decided.sides[side].name for side in Side)
    with services.database.write() as session:
        votes.record(session, Vote(utc_now(), left, right, outcome, decided.read_ids), person_id=caller.id)
    return decided


def get_standing(caller: Caller, services: Services, *, knowledge_base_id: str = "") -> Standing:
    """What the votes come to, of one knowledge base or of all.

    An admin of the service sees all votes, others those on nothing but the knowledge bases that they administer.
    Raises Forbidden, NotFound.
    """
    bases = tuple(caller.access.with_role(MemberRole.ADMIN))
    if not caller.is_admin and not bases:
        raise Forbidden("This is for those who administer a knowledge base.")
    if knowledge_base_id:
        caller.access.require(knowledge_base_id, MemberRole.ADMIN)
    within = None if caller.is_admin else frozenset(base.id for base in bases)
    with services.database.read() as session:
        counted = votes.list_votes(session, within=within, on=knowledge_base_id)
    return Standing(bases, rate(counted), len(counted))


def _choose(models: Sequence[Contestant], ids: Sequence[str] | None) -> list[Contestant]:
    """Two models in an order that nobody can foresee."""
    if len(models) < 2:
        raise Rejected("There is only one language model here. An admin can offer more of them under “Models”.")
    if ids is None:
        return _LOTS.sample(list(models), 2)
    if len(ids) != 2 or len(set(ids)) != 2:
        raise Rejected("Choose two different models.")
    by_id = {model.id: model for model in models}
    if not set(ids) <= set(by_id):
        raise NotFound("One of these models is not offered any more; reload the page and choose again.")
    return _LOTS.sample([by_id[id] for id in ids], 2)


def _narrow(access: Access, knowledge_base_id: str) -> Access:
    if not knowledge_base_id:
        return access
    access.require(knowledge_base_id, MemberRole.READER)
    return access.within([knowledge_base_id])


def _read_ids(passages: Sequence[Passage], access: Access, services: Services) -> frozenset[str]:
    """The knowledge bases that passages come from; without passages, those that were searched."""
    with services.database.read() as session:
        found = votes.find_bases(session, {passage.document_id for passage in passages})
    return found or frozenset(base.id for base in access.readable.values())
