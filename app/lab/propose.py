"""Questions proposed from documents: by a rule, or by the language model. Each has a quote that is in the document."""

import json
import re
from collections.abc import Sequence
from string import Template
from typing import Any, Final

from app.answer.text.facts import list_facts
from app.answer.text.sentences import split_units
from app.answer.text.untrusted import make_harmless
from app.answer.text.words import telling_words
from app.domain import AskedQuestion, Message, QuestionOrigin, Role
from app.lab.measure import find_words
from app.ports import Generator

SHORTEST, LONGEST = 7, 45
GAP: Final = "___"
MOST_TOKENS: Final = 200
# A question that repeats more of the telling words of its answer finds it by copying.
MOST_COPIED: Final = 0.8
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "quote": {"type": "string"}},
    "required": ["question", "quote"],
    "additionalProperties": False,
}
_NO_SENTENCE = re.compile(r"^\s*(?:[|#>]|[-*+•]\s|\d{1,3}[.)]\s)")


def by_rule(document_id: str, title: str, text: str, language: str) -> list[AskedQuestion]:
    """One question for each sentence of the document that states a figure, a date or a code: that is left out.

    The title stands before the sentence, as somebody would say what they ask about. In the document's order. Pure.
    """
    found = []
    for start, end in split_units(text):
        sentence = " ".join(text[start:end].split())
        if _NO_SENTENCE.match(text[start:end]) or not SHORTEST <= len(sentence.split()) <= LONGEST:
            continue
        figures = [fact for fact in list_facts(sentence, language) if fact.is_figure]
        if figures:
            fact = figures[-1]  # what is new stands late in a sentence
            gapped = f"{sentence[: fact.start]}{GAP}{sentence[fact.end :]}"
            found.append(_proposed(f"{title}: {gapped}", document_id, sentence, QuestionOrigin.RULE))
    return found


def by_model(document_id: str, text: str, generator: Generator, template: Template) -> AskedQuestion | None:
    """A question about this part of a document, asked of the language model; None where it gives nothing usable.

    Its quote must stand in the text word for word, and the question must not copy it. Raises EngineUnavailable,
    TextTooLong.
    """
    prompt = [Message(Role.USER, template.substitute(text=make_harmless(text)))]
    said = "".join(generator.stream(prompt, max_tokens=MOST_TOKENS, schema=SCHEMA))
    return read_proposal(said, document_id, text)


def read_proposal(said: str, document_id: str, text: str) -> AskedQuestion | None:
    """The question in a model's JSON, if its quote is in the text and it is more than a copy. Pure."""
    try:
        proposal = json.loads(said)
        question, quote = str(proposal["question"]).strip(), str(proposal["quote"]).strip()
    except (ValueError, KeyError, TypeError):
        return None  # the model ran out of tokens, or wrote something else
    if len(question.split()) < 3 or len(quote.split()) < 4 or find_words(quote, text) is None:
        return None
    told, asked = set(telling_words(quote)), set(telling_words(question))
    if not asked or len(told & asked) > MOST_COPIED * len(told):
        return None
    return _proposed(question, document_id, quote, QuestionOrigin.MODEL)


def take_evenly(by_document: Sequence[Sequence[AskedQuestion]], count: int, known: set[str]) -> list[AskedQuestion]:
    """At most `count` that are not known yet, from all documents in turn, spread over each. Pure."""
    new = [[each for each in asked if each.text not in known] for asked in by_document]
    queues = [_spread(asked) for asked in new if asked]
    taken: list[AskedQuestion] = []
    while queues and len(taken) < count:
        taken.extend(queue.pop() for queue in queues[: count - len(taken)])
        queues = [queue for queue in queues if queue]
    return list({each.text: each for each in taken}.values())


def _spread(asked: Sequence[AskedQuestion]) -> list[AskedQuestion]:
    """In an order in which the last ones are far apart: the middle, the quarters, and so on."""
    order = sorted(range(len(asked)), key=lambda n: int(f"{n:016b}"[::-1], 2))
    return [asked[n] for n in reversed(order)]


def _proposed(text: str, document_id: str, quote: str, origin: QuestionOrigin) -> AskedQuestion:
    return AskedQuestion(text, document_id, quote, origin=origin, is_approved=False)
