"""The form of a site: what was typed into it, what is wrong with that, and what it means. Secrets are never shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from app.domain import CrawlEngine, FormLogin, Schedule, Scope, SignIn, SiteOptions, WikiKind
from app.domain.scopes import fold_starts
from app.errors import Rejected
from app.operations.source_views import read_schedule
from app.settings import CrawlSettings
from app.web.admin.schedule_words import CHOICES, Timing, read_timing

Say = Callable[..., str]
# Smallest and largest; as in the API.
BOUNDS: Final = {"max_depth": (0, 1_000), "max_pages": (1, 1_000_000), "concurrency": (1, 64), "delay_s": (0, 60)}
MOST_ADDRESSES, MOST_PATTERNS, LONGEST_PATTERN = 50, 200, 500
TICKS: Final = ("below_start", "all_pages", "reads_sitemaps", "obeys_robots", "is_internal", "renders")
SECRETS: Final = ("bearer", "password", "headers", "form_fields")


@dataclass(slots=True)
class SiteForm:
    """`values`: what its fields show, a tick is "on". `errors`: what is wrong, by field; "" is the form as a whole."""

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """What a field shows."""
        return self.values.get(name, "")

    def lines(self, name: str) -> list[str]:
        """The lines of a field, without empty ones."""
        return [line.strip() for line in self.text(name).splitlines() if line.strip()]


def blank_form(defaults: CrawlSettings, kb: str = "") -> SiteForm:
    """A new site, as the settings have it."""
    site = SiteOptions(
        Scope((), max_depth=defaults.max_depth, max_pages=defaults.max_pages), concurrency=defaults.concurrency
    )
    values = show_site(site) | show_schedule(Schedule("")) | {"kb": kb, "visit": "on"}
    return SiteForm(values | {"schedule": "nightly"})


def show_site(site: SiteOptions) -> dict[str, str]:
    """What the fields show of a site that is kept."""
    scope = site.scope
    ticks = {
        "below_start": scope.below_start,
        "all_pages": scope.all_pages,
        "reads_sitemaps": scope.reads_sitemaps,
        "obeys_robots": site.obeys_robots,
        "is_internal": site.is_internal,
        "renders": site.renders,
    }
    return {
        "addresses": "\n".join(scope.starts),
        "include": "\n".join(scope.include),
        "exclude": "\n".join(scope.exclude),
        "max_depth": str(scope.max_depth),
        "max_pages": str(scope.max_pages),
        "concurrency": str(site.concurrency),
        "delay_s": f"{site.delay_s:g}",
        "engine": site.engine,
        "wiki": site.wiki,
    } | {name: "on" for name, is_set in ticks.items() if is_set}


def show_schedule(schedule: Schedule) -> dict[str, str]:
    """What the fields show of a schedule that is kept."""
    timing = read_timing(schedule.cron)
    return {
        "schedule": timing.choice,
        "at": timing.at,
        "day": str(timing.day),
        "cron": timing.cron,
        "time_zone": schedule.time_zone,
    }


def read_form(fields: Mapping[str, str]) -> SiteForm:
    """A form that was sent."""
    return SiteForm({name: str(value) for name, value in fields.items()})


def hide_secrets(form: SiteForm) -> SiteForm:
    """The form as it is shown again: what signs in must be typed anew."""
    return replace(form, values={name: value for name, value in form.values.items() if name not in SECRETS})


def read_site(form: SiteForm, gettext: Say, *, firecrawl: bool) -> SiteOptions | None:
    """What of which site is wanted; None, with the errors noted, where that cannot be read."""
    starts = _starts(form, gettext)
    patterns = {name: _patterns(form, name, gettext) for name in ("include", "exclude")}
    numbers = {name: _number(form, name, gettext) for name in BOUNDS}
    engine, wiki = form.text("engine"), form.text("wiki")
    if engine not in list(CrawlEngine) or wiki not in list(WikiKind):
        form.errors[""] = gettext("Choose one of the crawlers and one of the kinds that are offered.")
    elif engine == CrawlEngine.FIRECRAWL and not firecrawl:
        form.errors["engine"] = gettext("Firecrawl is not set up: name its address in the setting crawl.firecrawl.url.")
    if form.errors:
        return None
    ticks = {name: form.text(name) == "on" for name in TICKS}
    return SiteOptions(
        scope=Scope(
            starts=starts,
            include=patterns["include"],
            exclude=patterns["exclude"],
            max_depth=int(numbers["max_depth"]),
            max_pages=int(numbers["max_pages"]),
            below_start=ticks["below_start"],
            all_pages=ticks["all_pages"],
            reads_sitemaps=ticks["reads_sitemaps"],
        ),
        concurrency=int(numbers["concurrency"]),
        delay_s=numbers["delay_s"],
        obeys_robots=ticks["obeys_robots"],
        is_internal=ticks["is_internal"],
        engine=CrawlEngine(engine),
        wiki=WikiKind(wiki),
        renders=ticks["renders"],
    )


def read_form_schedule(form: SiteForm, gettext: Say) -> Schedule | None:
    """When to visit; None, with the error noted, where that cannot be read."""
    choice, day = form.text("schedule"), form.text("day")
    if choice not in CHOICES or (choice == "weekly" and day not in tuple("0123456")):
        form.errors["schedule"] = gettext("Choose one of the times that are offered.")
        return None
    timing = Timing(choice, form.text("at"), int(day or "0") if day.isdigit() else 0, form.text("cron"))
    if choice == "cron" and not timing.cron.strip():
        form.errors["cron"] = gettext("Say a cron expression of five fields, such as “30 2 * * 1”.")
        return None
    try:
        return read_schedule(Schedule(timing.write(), form.text("time_zone") or "UTC"))
    except Rejected as exc:
        place = "time_zone" if "time zone" in str(exc) else "cron" if choice == "cron" else "at"
        form.errors[place] = str(exc)
        return None


def read_sign_in(form: SiteForm, gettext: Say) -> SignIn | None:
    """What signs in; None for nothing, and, with the errors noted, where it cannot be read."""
    bearer, user = form.text("bearer").strip(), form.text("user").strip()
    if bearer and user:
        form.errors["bearer"] = gettext("Give either a token or a name with a password, not both.")
    headers = _pairs(form, "headers", ":", gettext("Write each header as “Name: value”, one on a line."))
    login = _pairs(form, "form_fields", "=", gettext("Write each field as “name=value”, one on a line."))
    url = form.text("form_url").strip()
    if bool(url) != bool(login):
        form.errors["form_url" if login else "form_fields"] = gettext("A form needs its address and its fields.")
    if form.errors or not (bearer or user or headers or login):
        return None
    return SignIn.of(
        bearer=bearer or None,
        user=user or None,
        password=form.text("password"),
        headers=headers,
        form=FormLogin(url, login) if login else None,
    )


def _starts(form: SiteForm, gettext: Say) -> tuple[str, ...]:
    said = form.lines("addresses")
    if len(said) > MOST_ADDRESSES:
        form.errors["addresses"] = gettext("Give %(most)s addresses at most.", most=MOST_ADDRESSES)
        return ()
    try:
        return fold_starts(said)
    except Rejected as exc:
        form.errors["addresses"] = str(exc)
        return ()


def _patterns(form: SiteForm, name: str, gettext: Say) -> tuple[str, ...]:
    said = form.lines(name)
    if len(said) > MOST_PATTERNS or any(len(pattern) > LONGEST_PATTERN for pattern in said):
        form.errors[name] = gettext(
            "Give %(most)s patterns at most, each of %(longest)s characters at most.",
            most=MOST_PATTERNS,
            longest=LONGEST_PATTERN,
        )
    return tuple(said)


def _number(form: SiteForm, name: str, gettext: Say) -> float:
    least, most = BOUNDS[name]
    try:
        number = float(form.text(name).replace(",", "."))
    except ValueError:
        number = -1.0
    is_whole = name == "delay_s" or number == int(number) if number == number and abs(number) < 1e9 else False
    if not is_whole or not least <= number <= most:
        form.errors[name] = gettext("Give a number from %(least)s to %(most)s.", least=least, most=most)
    return number


def _pairs(form: SiteForm, name: str, mark: str, otherwise: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for line in form.lines(name):
        key, found, value = line.partition(mark)
        if not found or not key.strip():
            form.errors[name] = otherwise
        pairs[key.strip()] = value.strip()
    return pairs
