"""What people may call themselves, by a command."""

from app.access import Caller
from app.domain import FunctionName, Tool
from app.errors import Forbidden, NotFound
from app.operations import assistants
from app.operations.tools import allowed_tools
from app.services import Services


def callable_by(caller: Caller, services: Services, *, assistant: str | None = None) -> frozenset[FunctionName]:
    """The functions that the settings have, the assistant may use (None: the one that answers by default), and the
    owner's rules do not forbid the person. None of them where the assistant is gone or not the person's.
    """
    try:
        if assistant is None:
            assisted = assistants.assist_by_default(caller.access, services)
        else:
            assisted = assistants.assist(assistant, caller.access, services)
    except (Forbidden, NotFound):
        return frozenset()
    allowed = allowed_tools(assisted, caller, services)
    found: set[FunctionName] = set()
    if Tool.WEB in allowed and services.settings.web_search.engine != "off":
        found |= {FunctionName.WEB_SEARCH, FunctionName.OPEN_PAGE}
    if Tool.TABLES in allowed:
        found.add(FunctionName.QUERY_TABLE)
    return frozenset(found)
