"""Write the prompt: numbered passages and the question, as much as the model's window holds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template

from app.answer.text.untrusted import LEFT, RIGHT, defuse, make_harmless
from app.answer.writing.conversation import Turn
from app.answer.writing.evidence import Evidence, number_on
from app.answer.writing.markers import renumber
from app.answer.writing.picture import with_picture_text
from app.answer.writing.window import choose_start
from app.domain import Message, Role
from app.errors import SettingsError
from app.ports import Generator


@dataclass(frozen=True, slots=True)
class Prompts:
    """The templates for one kind of evidence, and those for conversations, read once from `configs/prompts/`."""

    system: str
    evidence: Template
    question: Template
    again: Template
    condense: Template
    assistant: Template
    results: Template
    tools: Template

    @classmethod
    def read(cls, folder: Path, evidence: str) -> "Prompts":
        """Raises SettingsError when a template is missing, or lacks what must stand in it."""

        def template(name: str) -> str:
            return (folder / f"{name}.md").read_text(encoding="utf-8").strip()

        parts = (
            f"{evidence}.system",
            f"{evidence}.evidence",
            f"{evidence}.question",
            "again",
            "condense",
            "assistant",
            "results",
            "tools",
        )
        try:
            system, *others = map(template, parts)
            read = cls(system, *map(Template, others))
        except OSError as exc:
            raise SettingsError(f"The prompt template {exc.filename} cannot be read; check answer.prompts.") from exc
        if not {"assistant", "rules"} <= set(read.assistant.get_identifiers()):
            raise SettingsError(f"{folder / 'assistant.md'} must hold $assistant and $rules; check answer.prompts.")
        return read

    def with_instructions(self, instructions: str) -> "Prompts":
        """The same for an assistant: its own words, and then the house's rules, which it cannot leave out."""
        if not instructions.strip():
            return self
        system = self.assistant.substitute(assistant=defuse(instructions.strip()), rules=self.system)
        return replace(self, system=system)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model reads, the evidence in it for the question, and the turns before it, the first `earlier` ago.

    `ranks`: by the number of the evidence, the rank of its passage; None in a first turn, where both are the same.
    """

    messages: tuple[Message, ...]
    evidence: tuple[Evidence, ...]
    turns: tuple[Turn, ...] = ()
    earlier: int = 0
    ranks: Mapping[int, int] | None = None


def build_prompt(
    question: str,
    evidence: Sequence[Evidence],
    turns: Sequence[Turn],
    *,
    prompts: Prompts,
    generator: Generator,
    max_answer_tokens: int,
    image: bytes | None = None,
    image_text: str = "",
    results: str = "",
) -> Prompt:
    """The prompt with as much of the evidence, and then as many of the last turns, as the window holds.

    Every turn stands there just as it was asked, so that a prompt begins with the one before it and the model computes
    only what is new. What stands in it already is not written out again, but named by its number (`again`).
    `image`, `image_text`: the picture of the question, for a model that takes pictures, or what was read in it.
    Counted with the model's own tokenizer. At least one piece of evidence is always given: a window that cannot hold
    even that is reported by the generator as TextTooLong. `results`: what tools gave besides passages.
    """
    room = generator.context_tokens - max_answer_tokens
    references = [reference for turn in turns for reference in turn.grounds.references]
    kept = _usable(turns)
    marks = generator.control_tokens

    def ask(start: int, given: Sequence[Evidence]) -> tuple[Message, ...]:
        asked = Turn(question, evidence=tuple(given), image=image, image_text=image_text, results=results)
        return _messages([*(turn for _, turn in kept[start:]), asked], prompts, marks)

    def count(start: int, given: Sequence[Evidence]) -> int:
        return generator.count_prompt_tokens(ask(start, given))

    given = number_on(evidence, references)
    while len(given) > 1 and count(len(kept), given) > room:
        given.pop()
    start = choose_start(0, len(kept), room, lambda first: count(first, given))
    return Prompt(
        messages=ask(start, given),
        evidence=tuple(given),
        turns=tuple(turn for _, turn in kept[start:]),
        earlier=len(turns) - kept[start][0] if start < len(kept) else 0,
        ranks={each.n: each.passage.rank for each in given} if references else None,
    )


def _usable(turns: Sequence[Turn]) -> list[tuple[int, Turn]]:
    """The turns, with their positions, that may stand in a prompt: none of those that fell out of one before.

    A question without an answer would stand beside the next one, which many chat templates refuse.
    """
    begun = [
        n - turn.grounds.earlier_turns
        for n, turn in enumerate(turns)
        if turn.grounds.references or turn.grounds.earlier_turns
    ]
    return [(n, turn) for n, turn in enumerate(turns) if turn.answer and n >= max(begun, default=0)]


def _messages(turns: Sequence[Turn], prompts: Prompts, marks: Sequence[str]) -> tuple[Message, ...]:
    """The conversation up to and with the last question."""
    messages = [Message(Role.SYSTEM, prompts.system)]
    sent: set[tuple[str, int, int]] = set()
    for turn in turns:
        messages.append(Message(Role.USER, _ask(turn, prompts, sent, marks), image=turn.image))
        sent.update(each.place for each in turn.evidence)
        if turn.answer:
            messages.append(Message(Role.ASSISTANT, make_harmless(_in_conversation(turn), marks)))
    return tuple(messages)


def _ask(turn: Turn, prompts: Prompts, sent: Collection[tuple[str, int, int]], marks: Sequence[str]) -> str:
    # The question is the person's own: what it quotes loses its marks, and keeps its words and its lines.
    asked = defuse(turn.question, marks)
    if turn.image_text and not turn.image:
        asked = with_picture_text(asked, make_harmless(turn.image_text, marks))
    if not turn.evidence and not turn.results:
        return asked
    numbered = "\n\n".join(
        _numbered(each, prompts.again if each.place in sent else prompts.evidence, marks) for each in turn.evidence
    )
    if turn.results:
        numbered = f"{numbered}\n\n" if numbered else ""
        numbered += prompts.results.substitute(results=turn.results)
    return prompts.question.substitute(evidence=numbered, question=asked, left=LEFT, right=RIGHT)


def _in_conversation(turn: Turn) -> str:
    """The answer with the numbers of the conversation in place of the ranks that people see."""
    return renumber(turn.answer, {each.rank: each.n for each in turn.grounds.references})


def _numbered(evidence: Evidence, template: Template, marks: Sequence[str]) -> str:
    passage = evidence.passage
    place = [passage.document]
    if passage.page is not None:
        place.append(f"page {passage.page}")
    place.extend(passage.headings[-1:])
    return template.substitute(
        n=evidence.n, place=make_harmless(", ".join(place), marks), text=make_harmless(evidence.text, marks)
    )


def quoted(text: str, longest: int, marks: Sequence[str] = ()) -> str:
    """Foreign text for a prompt, shortened: each line marked as quoted, so that nothing in it can end the quote.

    `marks`: the model's own control tokens.
    """
    text = make_harmless(text.strip(), marks)
    cut = text if len(text) <= longest else f"{text[:longest].rsplit(' ', 1)[0]} …"
    return "\n".join(f"> {line}" for line in cut.splitlines())
