"""What people may call themselves, by a command."""

from app.access import Caller
from app.domain import FunctionName, Tool
from app.errors import Forbidden
from app.operations import assistants
from app.services import Services


def callable_by(caller: Caller, services: Services) -> frozenset[FunctionName]:
    """The functions that the settings have, and that the assistant that answers by default may use."""
    try:
        allowed = assistants.assist_by_default(caller.access, services).options.tools
    except Forbidden:
        return frozenset()
    found: set[FunctionName] = set()
    if Tool.WEB in allowed and services.settings.web_search.engine != "off":
        found |= {FunctionName.WEB_SEARCH, FunctionName.OPEN_PAGE}
    if Tool.TABLES in allowed:
        found.add(FunctionName.QUERY_TABLE)
    return frozenset(found)
