# ruff: noqa: ARG001
"""The one list of the functions that can be called, each built for one person's question."""

from app.access import Caller
from app.operations.assistants import Assisted
from app.ports import ToolUser
from app.services import Services
from app.tools.function import Gate, ToolFunction


def build_functions(assisted: Assisted, caller: Caller, services: Services) -> list[ToolFunction]:
    """All functions that this service can do, whatever is allowed of them; each reads no more than `assisted` may."""
    return []


def build_toolbox(functions: list[ToolFunction], gate: Gate, services: Services) -> ToolUser:
    """What calls them."""
    raise NotImplementedError
