"""Questions that ask for the same, put together by their meaning. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np

from app.ports import Vectors

Q = TypeVar("Q")
# Of 30 questions in two languages, pairs that ask for the same lay at 0.55 to 0.93 with the default model, others below
# 0.62 but for “annual leave” and “parental leave” (0.74): above 0.7, three pairs in four come together.
ALIKE: Final = 0.7


@dataclass(frozen=True, slots=True)
class Group(Generic[Q]):
    """Questions of one meaning, in the order in which they came; the first one stands for all."""

    members: tuple[Q, ...]

    @property
    def leader(self) -> Q:
        """The question that the others are like."""
        return self.members[0]


def group_alike(questions: Sequence[Q], vectors: Vectors, *, threshold: float = ALIKE) -> list[Group[Q]]:
    """Groups, the largest first; of equal size, the one whose leader comes first.

    `vectors` has a row of unit length, or of zeros for one that is like no other, for each question. Each question in
    turn joins the group whose leader is nearest, at a cosine of at least `threshold`, or leads a new one.
    """
    members: list[list[int]] = []
    for n in range(len(questions)):
        leaders = [group[0] for group in members]
        cosines = vectors[leaders] @ vectors[n]
        nearest = int(np.argmax(cosines)) if leaders else -1
        if leaders and cosines[nearest] >= threshold:
            members[nearest].append(n)
        else:
            members.append([n])
    members.sort(key=len, reverse=True)
    return [Group(tuple(questions[n] for n in group)) for group in members]
