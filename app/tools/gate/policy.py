"""Whether a call may happen, must be asked for, or is out of the question. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from app.domain import MemberRole, Permission, Tool, ToolSpec, Touch

Policy = Mapping[Tool, Mapping[MemberRole, Permission]]
"""What the owner says, by tool and role."""

# What leaves the machine is asked for, until the owner says otherwise.
_ASKED: Final = frozenset({Tool.WEB, Tool.OUTSIDE})
DEFAULT: Final[Policy] = {
    tool: dict.fromkeys(MemberRole, Permission.ASK if tool in _ASKED else Permission.ALLOW) for tool in Tool
}


class Verdict(StrEnum):
    """What is to become of a call."""

    ADMIT = "admit"
    ASK = "ask"
    FORBID = "forbid"


def decide(
    spec: ToolSpec, permission: Permission, *, is_tainted: bool, is_allowed_host: bool, is_flagged: bool
) -> Verdict:
    """The rules of the gate, the strictest first.

    `is_tainted`: text that nobody present wrote is in the conversation. `is_allowed_host`: an admin let this host be
    sent to without asking. `is_flagged`: what would be sent stands in a document, or looks like a secret.
    Whether the person or the model wants the call makes no difference.
    """
    if permission is Permission.NEVER:
        return Verdict.FORBID
    if Touch.WRITES in spec.touches:
        return Verdict.ASK
    if Touch.OUTSIDE not in spec.touches:
        return Verdict.ASK if permission is Permission.ASK else Verdict.ADMIT
    if is_flagged:
        return Verdict.ASK
    if is_allowed_host:
        return Verdict.ADMIT
    return Verdict.ASK if is_tainted or permission is Permission.ASK else Verdict.ADMIT


def may_be_allowed(spec: ToolSpec, host: str, *, is_flagged: bool) -> bool:
    """Whether somebody with the right may let such calls to this host pass from now on."""
    return bool(host) and not is_flagged and Touch.OUTSIDE in spec.touches and Touch.WRITES not in spec.touches
