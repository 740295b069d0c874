"""Assistants: the list, writing one, and trying it out."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from app.answer.writing.rehearsal import Rehearsal
from app.answer.writing.variables import Variable
from app.db.assistants import AssistantDraft
from app.domain import Answer, Assistant, Tool
from app.errors import Rejected
from app.operations import assistant_versions, assistants, offered_models, tool_servers
from app.web.admin.diffs import read_diff
from app.web.admin.guard import AdminRoute
from app.web.admin.lists import arrange
from app.web.admin.navigation import N_
from app.web.admin.page import Page, PageOf

router = APIRouter(route_class=AdminRoute)
PATH = "/admin/assistants"
# What each tool is called on the page.
TOOL_NAMES = {
    Tool.TABLES: N_("Compute over tables (sheets and CSV files)"),
    Tool.SEARCH: N_("Search the documents again, with other words"),
    Tool.WEB: N_("Search the web and open pages, after a person's yes"),
    Tool.SPEECH: N_("Read aloud"),
    Tool.OUTSIDE: N_("Call functions of tool servers, after a person's yes"),
}
# Those that an assistant has by a mark. It has functions of tool servers by being given a server.
OWN_TOOLS = {tool: name for tool, name in TOOL_NAMES.items() if tool is not Tool.OUTSIDE}
# What each variable of a system prompt stands for.
VARIABLES = {
    Variable.DATE: N_("The day of the week and the date, as on this machine."),
    Variable.TIME: N_(
        "Hours and minutes. It changes every minute, so the model reads the whole prompt anew each time."
    ),
    Variable.PERSON: N_("The name of who asks."),
    Variable.KNOWLEDGE_BASES: N_("The knowledge bases that the question is answered from."),
    Variable.LANGUAGE: N_("The language of the question, as “German”."),
    Variable.ASSISTANT: N_("The name of this assistant."),
}
Question = Annotated[str, Form(max_length=20_000)]


def _draft(
    name: Annotated[str, Form(max_length=1000)],
    description: Annotated[str, Form(max_length=1000)] = "",
    system_prompt: Annotated[str, Form(max_length=100_000)] = "",
    scope: Annotated[str, Form()] = "all",
    bases: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
    tools: Annotated[list[Tool], Form()] = [],  # noqa: B006
    temperature: Annotated[str, Form(max_length=20)] = "",
    model: Annotated[str, Form(max_length=100)] = "",
    tool_servers: Annotated[list[str], Form()] = [],  # noqa: B006
) -> AssistantDraft:
    if scope == "some" and not bases:
        raise Rejected("Choose at least one knowledge base, or let it answer from all that the asker may read.")
    return AssistantDraft(
        name=" ".join(name.split()),
        description=description.strip(),
        # Browsers send the ends of lines as CR LF.
        system_prompt=system_prompt.replace("\r\n", "\n").strip(),
        knowledge_base_ids=tuple(bases) if scope == "some" else (),
        tools=frozenset(tools),
        temperature=_temperature(temperature),
        model=model,
        tool_server_ids=tuple(tool_servers),
    )


DraftOf = Annotated[AssistantDraft, Depends(_draft)]


@router.get("/assistants")
def show_all(page: PageOf) -> Response:
    """All assistants."""
    name_by_id = _names(page)
    listed = arrange(
        assistants.list_all(page.caller, page.services),
        path=PATH,
        query=page.request.query_params,
        columns={"name": lambda each: each.name.lower(), "changed": lambda each: each.changed_at},
        words=lambda each: f"{each.name} {each.description}",
        first="name",
    )
    return page.show("assistants/all.html", listed=listed, name_by_id=name_by_id, tool_names=TOOL_NAMES)


@router.get("/assistants/new")
def show_new(page: PageOf) -> Response:
    """The empty form."""
    page.caller.require_admin()
    return _show_form(page, None)


@router.post("/assistants")
def create(page: PageOf, draft: DraftOf) -> Response:
    """A new one."""
    id = assistants.create(draft, page.caller, page.services)
    return page.go(f"{PATH}/{id}", page.gettext("“%(name)s” is there; try it out below.", name=draft.name))


@router.get("/assistants/{id}")
def show(page: PageOf, id: str) -> Response:
    """One assistant, to change and to try out."""
    return _show_form(page, assistants.get(id, page.caller, page.services))


@router.post("/assistants/{id}")
def change(page: PageOf, id: str, draft: DraftOf, version: Annotated[int | None, Form()] = None) -> Response:
    """What is written in the form from now on, unless somebody else has changed it since `version`."""
    assistants.change(id, draft, page.caller, page.services, seen_version=version)
    return page.go(f"{PATH}/{id}", page.gettext("Saved; the next question is answered so."))


@router.post("/assistants/{id}/delete")
def delete(page: PageOf, id: str) -> Response:
    """Forget it."""
    gone = assistants.delete(id, page.caller, page.services)
    return page.go(PATH, page.gettext("“%(name)s” is deleted.", name=gone.name))


@router.post("/assistants/{id}/default")
def set_default(page: PageOf, id: str, is_default: Annotated[bool, Form()] = False) -> Response:
    """Whether it answers in the chat where none is chosen."""
    chosen = assistants.set_default(id, page.caller, page.services, is_default=is_default)
    if is_default:
        said = page.gettext("“%(name)s” answers in the chat from now on.", name=chosen.name)
    else:
        said = page.gettext("The chat answers without an assistant from now on.")
    return page.go(PATH, said)


@router.get("/assistants/{id}/versions")
def show_versions(page: PageOf, id: str) -> Response:
    """What it was, and who changed what."""
    changes = assistant_versions.list_changes(id, page.caller, page.services)
    return page.show(
        "assistants/versions.html",
        assistant=assistants.get(id, page.caller, page.services),
        changes=[(change, read_diff(change.diff)) for change in changes],
    )


@router.post("/assistants/{id}/versions/{number}")
def restore(page: PageOf, id: str, number: int) -> Response:
    """What it was then, again."""
    lacks = assistant_versions.restore(id, number, page.caller, page.services)
    said = page.gettext("Version %(n)s answers again, as a new version.", n=number)
    if lacks:
        said += " " + page.gettext("A knowledge base or the language model that it named is gone, and was left out.")
    return page.go(f"{PATH}/{id}", said)


@router.post("/assistants/{id}/prompt")
def show_prompt(page: PageOf, id: str, question: Question = "") -> Response:
    """What would be sent to the model for a question."""
    rehearsal = assistants.rehearse(id, question, page.caller, page.services)
    return _show_outcome(page, id, Outcome(question, rehearsal=rehearsal))


@router.post("/assistants/{id}/answer")
def show_answer(page: PageOf, id: str, question: Question = "") -> Response:
    """The answer to a question, which is kept nowhere."""
    answer = assistants.try_out(id, question, page.caller, page.services)
    return _show_outcome(page, id, Outcome(question, answer=answer))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of trying out: the prompt that would be sent, or the answer."""

    question: str = ""
    rehearsal: Rehearsal | None = None
    answer: Answer | None = None


def _show_form(page: Page, assistant: Assistant | None, outcome: Outcome = Outcome()) -> Response:
    return page.show(
        "assistants/one.html",
        assistant=assistant,
        names=_names(page),
        tool_names=OWN_TOOLS,
        server_names=tool_servers.list_names(page.services),
        rules=page.services.prompts.system,
        usual=page.services.settings.generator.temperature,
        limits=_limits(page),
        outcome=outcome,
        variables=VARIABLES,
        models=offered_models.list_labels(page.services),
        usual_model=page.services.settings.generator.model,
        version=assistant_versions.newest_number(assistant.id, page.caller, page.services) if assistant else 0,
    )


def _show_outcome(page: Page, id: str, outcome: Outcome) -> Response:
    """Below the form; the whole page for a browser without scripts."""
    if "hx-request" in page.request.headers:
        return page.show("assistants/outcome.html", outcome=outcome, limits=_limits(page))
    return _show_form(page, assistants.get(id, page.caller, page.services), outcome)


def _limits(page: Page) -> dict[str, float]:
    generator = page.services.generator.peek()
    return {
        "window": generator.context_tokens if generator else 0,
        "answer_tokens": page.services.settings.generator.max_answer_tokens,
        "abstain_below": page.services.settings.answer.abstain_below,
    }


def _names(page: Page) -> dict[str, str]:
    """The knowledge bases by id, in the order of their names."""
    return {base.id: name for name, base in sorted(page.caller.access.readable.items())}


def _temperature(text: str) -> float | None:
    try:
        return float(text.replace(",", ".")) if text.strip() else None
    except ValueError:
        raise Rejected("The temperature is a number from 0 to 2, or empty.") from None
