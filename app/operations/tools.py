# ruff: noqa: ARG001
"""The tools that one person's question may use."""

from app.access import Caller
from app.operations.assistants import Assisted
from app.ports import ToolUser
from app.services import Services
from app.tools.function import Approver


def open_toolbox(
    assisted: Assisted,
    caller: Caller,
    services: Services,
    *,
    approver: Approver | None = None,
) -> ToolUser | None:
    """The tools that the assistant and the owner's rules allow this person; None where there is none.

    Without an `approver` nothing that needs a person's yes is done.
    """
    return None
