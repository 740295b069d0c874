"""What the chips in an answer open."""

from collections.abc import Sequence

from app.domain import Citation, Passage
from app.web.chat.evidence import PassageText, build_elements
from app.web.chat.words import Words


class Chips:
    """The elements of one answer, by the names of their chips."""

    def __init__(self, words: Words, answer_id: str) -> None:
        self._words, self._answer_id = words, answer_id
        self._shown: dict[str, PassageText] = {}

    async def show(self, passages: Sequence[Passage], citations: Sequence[Citation]) -> None:
        """Bring them up to date: an element stays as long as it shows what its chip cites."""
        cited = {citation.n for citation in citations}
        elements = build_elements([each for each in passages if each.rank in cited], self._words, citations)
        wanted = {each.name: each for each in elements}
        for name, shown in list(self._shown.items()):
            if name not in wanted or wanted[name].content != shown.content:
                await self._shown.pop(name).remove()  # type: ignore[no-untyped-call]
        for name, element in wanted.items():
            if name not in self._shown:
                self._shown[name] = element
                await element.send(for_id=self._answer_id)
