"""The one list of the functions that can be called, each built for one person's question."""

from functools import partial

from app.operations.assistants import Assisted
from app.operations.outside_functions import build_outside_functions
from app.ports import ToolUser
from app.services import Services
from app.tools.documents import SearchDocumentsTool
from app.tools.function import Gate, ToolFunction
from app.tools.speech import ReadAloudTool
from app.tools.tables import QueryTableTool
from app.tools.toolbox import Toolbox
from app.tools.web.functions import build_web_tools


def build_functions(assisted: Assisted, services: Services, last_answer: str = "") -> list[ToolFunction]:
    """All functions that this service can do, whatever is allowed of them; each reads no more than `assisted` may."""
    access, settings = assisted.access, services.settings
    ask_tables = partial(services.ask_tables, model=assisted.options.model)
    functions: list[ToolFunction] = [
        SearchDocumentsTool(services.search, access, settings.retrieve.passages),
        QueryTableTool(ask_tables, access),
    ]
    if settings.speech.engine != "off":
        functions.append(ReadAloudTool(last_answer))
    if (web := services.web.get()) is not None:
        functions += build_web_tools(web)
    return [*functions, *build_outside_functions(assisted.options.tool_server_ids, services)]


def build_toolbox(functions: list[ToolFunction], gate: Gate, services: Services) -> ToolUser:
    """What calls them."""
    return Toolbox(functions, gate, services.settings.tools, services.prompts.tools)
