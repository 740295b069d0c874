"""The lab's questions: written, imported, taken from chats or proposed, and approved by a person."""

from typing import Annotated

from fastapi import APIRouter, Form, Response, UploadFile

from app.domain import AskedQuestion, MemberRole
from app.operations import lab, proposals, questions
from app.web.admin.guard import AdminRoute
from app.web.admin.lists import arrange
from app.web.admin.page import Page, PageOf
from app.web.admin.pages.lab import Bench, Find

router = APIRouter(route_class=AdminRoute)
Ids = Annotated[list[str], Form(max_length=10_000)]
Words = Annotated[str, Form(max_length=2_000)]


@router.get("/lab/{id}/questions")
def show(id: str, page: PageOf, find: Find = "") -> Response:
    """The list, and every way to add to it."""
    return _show(id, page, find)


@router.post("/lab/{id}/questions")
def add(id: str, page: PageOf, document: Annotated[str, Form()], text: Words, quote: Words) -> Response:
    """One question, written by hand."""
    questions.add(id, AskedQuestion(text.strip(), document, quote.strip()), page.caller, page.services)
    return _back(id, page, page.gettext("The question was kept."))


@router.post("/lab/{id}/questions/file")
def import_file(id: str, page: PageOf, file: UploadFile) -> Response:
    """A question set as CSV."""
    imported = questions.import_file(id, file.file.read(questions.MOST_BYTES + 1), page.caller, page.services)
    kept = page.ngettext("%(num)s question was kept.", "%(num)s questions were kept.", imported.kept)
    if not imported.refused:
        return _back(id, page, kept)
    return page.show("lab/imported.html", kept=kept, refused=imported.refused)


@router.post("/lab/{id}/questions/approve")
def approve(id: str, page: PageOf, question: Ids) -> Response:
    """Let proposed questions measure."""
    questions.approve(id, question, page.caller, page.services)
    said = page.ngettext("%(num)s question was approved.", "%(num)s questions were approved.", len(question))
    return _back(id, page, said)


@router.post("/lab/{id}/questions/remove")
def remove(id: str, page: PageOf, question: Ids) -> Response:
    """Forget questions."""
    questions.remove(id, question, page.caller, page.services)
    said = page.ngettext("%(num)s question was removed.", "%(num)s questions were removed.", len(question))
    return _back(id, page, said)


@router.post("/lab/{id}/questions/by-rule")
def propose_by_rule(id: str, page: PageOf, count: Annotated[int, Form(ge=1, le=500)]) -> Response:
    """Questions made from sentences of the documents."""
    made = proposals.by_rule(id, count, page.caller, page.services)
    return _back(id, page, _proposed(made, page))


@router.post("/lab/{id}/questions/from-chats")
def take_from_chats(id: str, page: PageOf) -> Response:
    """Questions of chats whose answers people called helpful."""
    made = proposals.from_chats(id, page.caller, page.services)
    return _back(id, page, _proposed(made, page))


@router.post("/lab/{id}/questions/by-model")
def propose_by_model(
    id: str,
    page: PageOf,
    count: Annotated[int, Form(ge=1, le=200)],
    made: Annotated[int, Form(ge=0)] = 0,
    tried: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    """One question by the language model. The part that answers asks for the next one, until there are enough."""
    is_made = proposals.next_by_model(id, tried, page.caller, page.services)
    made, tried = made + is_made, tried + 1
    if made >= count or tried >= 3 * count:
        return _back(id, page, _proposed(made, page))
    return page.show("lab/proposing.html", id=id, count=count, made=made, tried=tried)


def _show(id: str, page: Page, find: str) -> Response:
    bench = Bench.of(id, page)
    listed = arrange(
        questions.list_of(id, page.caller, page.services),
        path=f"/admin/lab/{id}/questions",
        query=page.request.query_params,
        columns={
            "text": lambda each: each.text.lower(),
            "document": lambda each: each.document.lower(),
            "state": lambda each: (each.is_approved, each.text.lower()),
        },
        words=lambda each: f"{each.text} {each.document} {each.quote}",
        first="state",
    )
    return page.show(
        "lab/questions.html",
        bench=bench,
        listed=listed,
        documents=lab.list_documents(id, page.caller, page.services, search=find),
        find=find,
        is_model_weak=proposals.is_model_weak(page.services),
    )


def _proposed(made: int, page: Page) -> str:
    if not made:
        return page.gettext("Nothing new was found to ask.")
    return page.ngettext(
        "%(num)s question was proposed; approve it before it measures.",
        "%(num)s questions were proposed; approve them before they measure.",
        made,
    )


def _back(id: str, page: Page, said: str) -> Response:
    page.caller.access.require(id, MemberRole.ADMIN)
    return page.go(f"/admin/lab/{id}/questions", said)
