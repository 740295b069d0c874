"""Which passwords are taken."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LEAST_LENGTH: Final = 8
LEAST_VARIETY: Final = 5
# Shorter names turn up inside ordinary words.
SHORTEST_NAME: Final = 3


class PasswordFault(StrEnum):
    """Why a password is not taken."""

    TOO_SHORT = "too short"
    TOO_PLAIN = "too plain"
    HOLDS_NAME = "holds the name"


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What a password must be like. `min_length` counts characters."""

    min_length: int

    def find_fault(self, password: str, name: str) -> PasswordFault | None:
        """What is wrong with the password for the person of this name.

        It has `min_length` characters, five of them different, and does not hold the name (of three letters or more),
        whatever the case and the spaces.
        """
        if len(password) < self.min_length:
            return PasswordFault.TOO_SHORT
        if len(set(password)) < LEAST_VARIETY:
            return PasswordFault.TOO_PLAIN
        bare_name = _bare(name)
        if len(bare_name) >= SHORTEST_NAME and bare_name in _bare(password):
            return PasswordFault.HOLDS_NAME
        return None

    def explain(self, fault: PasswordFault) -> str:
        """The fault as a sentence that says what to do."""
        match fault:
            case PasswordFault.TOO_SHORT:
                return f"The password is too short; use at least {self.min_length} characters."
            case PasswordFault.TOO_PLAIN:
                return f"The password has too few different characters; use at least {LEAST_VARIETY}."
            case PasswordFault.HOLDS_NAME:
                return "The password holds the name of its person; choose one that does not."


# Below this no setting goes.
LEAST_POLICY: Final = PasswordPolicy(LEAST_LENGTH)


def _bare(text: str) -> str:
    return "".join(text.casefold().split())
