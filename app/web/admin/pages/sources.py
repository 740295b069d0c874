"""Sources: the list, adding a site, changing one, visiting it, and what its visits found."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeVar
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends, Form, Request, Response

from app.access import LOCAL_PERSON_ID
from app.domain import CrawlEngine, MemberRole, SignIn, Source, SourceKind, Standing, WikiKind
from app.errors import Rejected
from app.operations import source_views, sources
from app.operations.source_views import ShownSource
from app.web.admin.guard import AdminRoute
from app.web.admin.job_rows import make_rows
from app.web.admin.lists import arrange
from app.web.admin.long_lists import refresh_if_moved
from app.web.admin.navigation import N_
from app.web.admin.page import Page, PageOf
from app.web.admin.schedule_words import CHOICES, day_name, say_schedule
from app.web.admin.site_form import (
    BOUNDS,
    SiteForm,
    blank_form,
    hide_secrets,
    read_form,
    read_form_schedule,
    read_sign_in,
    read_site,
    show_schedule,
    show_site,
)

router = APIRouter(route_class=AdminRoute)
PATH: Final = "/admin/sources"
STANDINGS: Final = {
    Standing.VISITING: (N_("being visited"), "busy"),
    Standing.PAUSED: (N_("paused"), ""),
    Standing.WAITING: (N_("waits after a failure"), "warn"),
    Standing.FAILED: (N_("failed the last time"), "bad"),
    Standing.SCHEDULED: (N_("on schedule"), "good"),
    Standing.ASKED: (N_("visited when asked"), ""),
}
ENGINES: Final = {
    CrawlEngine.BUILTIN: N_("Cloister itself"),
    CrawlEngine.FIRECRAWL: N_("a Firecrawl server"),
}
WIKIS: Final = {
    WikiKind.AUTO: N_("find out at the first visit"),
    WikiKind.PLAIN: N_("a plain site"),
    WikiKind.MEDIAWIKI: N_("a MediaWiki, read through its API"),
}
Name = TypeVar("Name", bound=str)


async def _form_of(request: Request) -> SiteForm:
    form = await request.form()
    return read_form({name: value for name, value in form.items() if isinstance(value, str)})


FormOf = Annotated[SiteForm, Depends(_form_of)]


@router.get("/sources")
def show_all(page: PageOf) -> Response:
    """The sources of the knowledge bases whose admin the caller is."""
    listed = arrange(
        source_views.list_shown(page.caller, page.services),
        path=PATH,
        query=page.request.query_params,
        columns={
            "location": lambda shown: shown.source.location.lower(),
            "base": lambda shown: shown.source.knowledge_base.lower(),
            "state": lambda shown: list(Standing).index(shown.standing),
            "visited": lambda shown: shown.source.checked_at.timestamp() if shown.source.checked_at else 0.0,
            "next": lambda shown: shown.next_at.timestamp() if shown.next_at else float("inf"),
        },
        words=lambda shown: f"{shown.source.location} {shown.source.knowledge_base} {_person(page, shown)}",
        first="location",
    )
    rows = [(shown, _said(page, shown)) for shown in listed.rows]
    return page.show("sources/all.html", listed=listed, rows=rows, may_add=_bases(page))


@router.get("/sources/new")
def show_new(page: PageOf, kb: str = "") -> Response:
    """A form for a site."""
    return _show_form(page, blank_form(page.services.settings.crawl, kb), source=None)


@router.post("/sources/new")
def add(page: PageOf, form: FormOf) -> Response:
    """Keep a site, and visit it if that is wanted."""
    site = read_site(form, page.gettext, firecrawl=_has_firecrawl(page))
    schedule, sign_in = read_form_schedule(form, page.gettext), read_sign_in(form, page.gettext)
    base = page.caller.access.find(form.text("kb"))
    if base is None or not base.role.covers(MemberRole.ADMIN):
        form.errors["kb"] = page.gettext("Choose one of the knowledge bases whose admin you are.")
    if site and base and not form.errors and _is_there(page, site.scope.starts[0], base.id):
        form.errors["addresses"] = page.gettext("This site is a source of the knowledge base already; change it there.")
    if form.errors or site is None or base is None:
        return _show_form(page, form, source=None)
    try:
        id = sources.add_site(site, base.name, page.caller, page.services, schedule=schedule, sign_in=sign_in)
    except Rejected as exc:
        form.errors[""] = str(exc)
        return _show_form(page, form, source=None)
    said = page.gettext("The site is kept as a source.")
    if form.text("visit") == "on":
        sources.check(id, page.caller, page.services)
        said = page.gettext("The site is kept as a source, and is being visited now.")
    return page.go(f"{PATH}/{id}", said)


@router.get("/sources/{id}")
def show_one(page: PageOf, id: str) -> Response:
    """A source, and what its visits found; while it is visited, the page follows."""
    shown = source_views.get_shown(id, page.caller, page.services)
    if moved := refresh_if_moved(page.request, shown.job_id or "none"):
        return moved
    is_site = shown.source.kind is SourceKind.SITE
    heads = [] if is_site else source_views.list_jobs(id, page.caller, page.services)
    return page.show(
        "sources/one.html",
        shown=shown,
        source=shown.source,
        said_of=_said(page, shown),
        runs=sources.list_runs(id, page.caller, page.services) if is_site else [],
        jobs=make_rows(page, heads),
        engines=ENGINES,
        wikis=WIKIS,
    )


@router.get("/sources/{id}/edit")
def show_edit(page: PageOf, id: str) -> Response:
    """What of a source can be changed."""
    source = sources.get_managed(id, page.caller, page.services)
    values = show_schedule(source.schedule) | (show_site(source.site) if source.site else {})
    return _show_form(page, SiteForm(values | {"sign_in": "keep"}), source=source)


@router.post("/sources/{id}/edit")
def change(page: PageOf, id: str, form: FormOf) -> Response:
    """Change a source."""
    source = sources.get_managed(id, page.caller, page.services)
    site = None
    if source.site:
        # The first address is what names the source; the form has the others.
        form.values["addresses"] = f"{source.location}\n{form.text('addresses')}"
        site = read_site(form, page.gettext, firecrawl=_has_firecrawl(page))
    schedule, sign_in = read_form_schedule(form, page.gettext), _read_new_sign_in(page, form)
    if not form.errors:
        try:
            sources.change(id, page.caller, page.services, schedule=schedule, site=site, sign_in=sign_in)
        except Rejected as exc:
            form.errors[""] = str(exc)
    if form.errors:
        return _show_form(page, form, source=source)
    return page.go(f"{PATH}/{id}", page.gettext("The source was changed. What is there stays until the next visit."))


@router.post("/sources/{id}/pause")
def pause(page: PageOf, id: str) -> Response:
    """Leave a source alone until somebody says otherwise."""
    sources.change(id, page.caller, page.services, is_paused=True)
    return page.go(f"{PATH}/{id}", page.gettext("The source is paused. Its documents stay and still answer."))


@router.post("/sources/{id}/resume")
def resume(page: PageOf, id: str) -> Response:
    """Look at a source by its schedule again."""
    sources.change(id, page.caller, page.services, is_paused=False)
    return page.go(f"{PATH}/{id}", page.gettext("The source is looked at by its schedule again."))


@router.post("/sources/{id}/check")
def check(page: PageOf, id: str, accepts_removals: Annotated[bool, Form()] = False) -> Response:
    """Look at a source now."""
    job_id = sources.check(id, page.caller, page.services, accepts_removals=accepts_removals)
    if job_id:
        return page.go(f"{PATH}/{id}", page.gettext("The source is being looked at."))
    shown = source_views.get_shown(id, page.caller, page.services)
    if shown.job_id:
        return page.go(f"{PATH}/{id}", page.gettext("The source is being looked at already."))
    raise Rejected(shown.source.error or page.gettext("The source cannot be reached; nothing was changed."))


@router.post("/sources/{id}/delete")
def delete(page: PageOf, id: str) -> Response:
    """Forget a source; its documents stay."""
    sources.unwatch(id, page.caller, page.services)
    return page.go(PATH, page.gettext("The source is forgotten. Its documents stay and still answer."))


def _read_new_sign_in(page: Page, form: SiteForm) -> SignIn | None:
    """None keeps what is kept, an empty one forgets it."""
    match form.text("sign_in"):
        case "forget":
            return SignIn()
        case "replace":
            sign_in = read_sign_in(form, page.gettext)
            if sign_in is None and not form.errors:
                form.errors["bearer"] = page.gettext("Say what signs in, or keep what is kept.")
            return sign_in
        case _:
            return None


def _show_form(page: Page, form: SiteForm, *, source: Source | None) -> Response:
    """The form, with what is wrong with it."""
    shown = hide_secrets(form)
    if source and source.site:
        first, _, others = shown.text("addresses").partition("\n")
        shown.values["addresses"] = others if first == source.location else shown.text("addresses")
    return page.show(
        "sources/form.html",
        422 if form.errors else 200,
        form=shown,
        source=source,
        bases=_bases(page),
        zones=[(zone, zone) for zone in _zones()],
        choices=_named(page, CHOICES),
        days=[(day, day_name(day, page.language)) for day in (1, 2, 3, 4, 5, 6, 0)],
        engines=_named(page, ENGINES),
        wikis=_named(page, WIKIS),
        bounds=BOUNDS,
        has_firecrawl=_has_firecrawl(page),
    )


def _said(page: Page, shown: ShownSource) -> dict[str, Any]:
    """What is said of a source: its schedule, how it is with it, who added it."""
    said, mark = STANDINGS[shown.standing]
    schedule = say_schedule(shown.source.schedule, page.gettext, page.ngettext, page.language)
    return {"schedule": schedule, "standing": page.gettext(said), "mark": mark, "person": _person(page, shown)}


def _person(page: Page, shown: ShownSource) -> str:
    if shown.added_by:
        return shown.added_by
    is_local = shown.source.created_by == LOCAL_PERSON_ID
    return page.gettext("the command line") if is_local else page.gettext("somebody who has left")


def _bases(page: Page) -> list[tuple[str, str]]:
    """Ids and names of the knowledge bases that the caller may add a site to."""
    return [(base.id, base.name) for base in page.caller.access.with_role(MemberRole.ADMIN)]


def _is_there(page: Page, location: str, knowledge_base_id: str) -> bool:
    known = sources.list_managed(page.caller, page.services)
    return any((each.location, each.knowledge_base_id) == (location, knowledge_base_id) for each in known)


def _named(page: Page, options: Mapping[Name, str]) -> list[tuple[Name, str]]:
    """Options of a select, in the reader's words."""
    return [(value, page.gettext(said)) for value, said in options.items()]


def _has_firecrawl(page: Page) -> bool:
    return bool(page.services.settings.crawl.firecrawl.url)


def _zones() -> list[str]:
    """Time zones as people name them, UTC first."""
    return ["UTC", *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))]
