"""Folders and sites that are looked at on a schedule."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field, SecretStr

from app.domain import (
    CrawlEngine,
    FormLogin,
    Schedule,
    Scope,
    SignIn,
    SiteOptions,
    Source,
    SourceKind,
    WikiKind,
)
from app.domain.scopes import fold_starts
from app.settings import CrawlSettings
from app.web.api.models.base import Model
from app.web.api.models.jobs import JobOut

Patterns = Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=200)]


class ScheduleIn(Model):
    """`cron` is hourly, nightly, weekly, never or a cron expression of five fields, in `time_zone` (IANA)."""

    cron: str
    time_zone: str = "UTC"

    def read(self) -> Schedule:
        return Schedule(self.cron, self.time_zone)


class NewFolder(Model):
    """`schedule` is hourly, nightly, weekly or a cron expression (UTC)."""

    path: str
    schedule: str


class FormLoginIn(Model):
    """A page with a form, and what to fill into its fields."""

    url: str
    fields: dict[str, SecretStr]

    def read(self) -> FormLogin:
        return FormLogin(self.url, {name: value.get_secret_value() for name, value in self.fields.items()})


class SignInIn(Model):
    """What opens a private site. It is kept encrypted, is never shown again, and goes to the site's own address only.

    Give `bearer`, or `user` and `password`, or `headers` (such as Cookie); a `form` where the site has one. Nothing at
    all forgets what was kept.
    """

    bearer: SecretStr | None = None
    user: str | None = None
    password: SecretStr | None = None
    headers: Annotated[dict[str, SecretStr], Field(default_factory=dict)]
    form: FormLoginIn | None = None

    def read(self) -> SignIn:
        return SignIn.of(
            bearer=self.bearer.get_secret_value() if self.bearer else None,
            user=self.user,
            password=self.password.get_secret_value() if self.password else "",
            headers={name: value.get_secret_value() for name, value in self.headers.items()},
            form=self.form.read() if self.form else None,
        )


class SiteIn(Model):
    """What of a site is wanted and how it is visited; what is left out is as in the settings (`crawl`).

    `include`, `exclude`: patterns with * and ?, held against path and query. `max_depth`: links away from a start.
    `below_start`: only what lies in the folder of a start address. `all_pages`: also pages about pages (history, talk,
    special pages of wikis). `obeys_robots`: off for one's own site only. `is_internal`: the site is on your own
    network, at a private address. `renders`: open pages in a browser, for sites that need JavaScript.
    """

    urls: Annotated[list[str], Field(min_length=1, max_length=50)]
    include: Annotated[Patterns, Field(default_factory=list)]
    exclude: Annotated[Patterns, Field(default_factory=list)]
    max_depth: Annotated[int, Field(ge=0, le=1_000)] | None = None
    max_pages: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    below_start: bool = True
    all_pages: bool = False
    reads_sitemaps: bool = True
    concurrency: Annotated[int, Field(ge=1, le=64)] | None = None
    delay_s: Annotated[float, Field(ge=0, le=60)] = 0.0
    obeys_robots: bool = True
    is_internal: bool = False
    engine: CrawlEngine = CrawlEngine.BUILTIN
    wiki: WikiKind = WikiKind.AUTO
    renders: bool = False

    def read(self, defaults: CrawlSettings) -> SiteOptions:
        """Raises Rejected for an address that is none."""
        scope = Scope(
            starts=fold_starts(self.urls),
            include=tuple(self.include),
            exclude=tuple(self.exclude),
            max_depth=defaults.max_depth if self.max_depth is None else self.max_depth,
            max_pages=self.max_pages or defaults.max_pages,
            below_start=self.below_start,
            all_pages=self.all_pages,
            reads_sitemaps=self.reads_sitemaps,
        )
        return SiteOptions(
            scope=scope,
            concurrency=self.concurrency or defaults.concurrency,
            delay_s=self.delay_s,
            obeys_robots=self.obeys_robots,
            is_internal=self.is_internal,
            engine=self.engine,
            wiki=self.wiki,
            renders=self.renders,
        )

    @classmethod
    def of(cls, site: SiteOptions) -> "SiteIn":
        scope = site.scope
        return cls(
            urls=list(scope.starts),
            include=list(scope.include),
            exclude=list(scope.exclude),
            max_depth=scope.max_depth,
            max_pages=scope.max_pages,
            below_start=scope.below_start,
            all_pages=scope.all_pages,
            reads_sitemaps=scope.reads_sitemaps,
            concurrency=site.concurrency,
            delay_s=site.delay_s,
            obeys_robots=site.obeys_robots,
            is_internal=site.is_internal,
            engine=site.engine,
            wiki=site.wiki,
            renders=site.renders,
        )


class NewSite(SiteIn):
    """A site to keep in a knowledge base. Without a `schedule` it is visited only when somebody says so."""

    schedule: ScheduleIn | None = None
    sign_in: SignInIn | None = None


class SourceChange(Model):
    """What is to be different; what is left out stays. `site` is taken as a whole, with its first address as before."""

    schedule: ScheduleIn | None = None
    is_paused: bool | None = None
    site: SiteIn | None = None
    sign_in: SignInIn | None = None


class SourceOut(Model):
    """A folder or a site. `error` is what stood in the way the last time, after which nothing is tried by itself until
    `retry_at`; `next_at` is when it is looked at next. `signs_in`: something is kept that signs in there.
    """

    id: str
    kind: SourceKind
    location: str
    knowledge_base: str
    schedule: str
    time_zone: str
    is_paused: bool
    next_at: datetime | None
    checked_at: datetime | None
    error: str | None
    failures: int
    retry_at: datetime | None
    signs_in: bool
    site: SiteIn | None

    @classmethod
    def of(cls, source: Source, next_at: datetime | None) -> "SourceOut":
        return cls(
            id=source.id,
            kind=source.kind,
            location=source.location,
            knowledge_base=source.knowledge_base,
            schedule=source.schedule.cron,
            time_zone=source.schedule.time_zone,
            is_paused=source.is_paused,
            next_at=next_at and next_at.astimezone(UTC),
            checked_at=source.checked_at,
            error=source.error,
            failures=source.failures,
            retry_at=source.retry_at,
            signs_in=source.signs_in,
            site=SiteIn.of(source.site) if source.site else None,
        )


class CheckIn(Model):
    """`accepts_removals`: remove what is gone, even if little of the site is left."""

    accepts_removals: bool = False


class CheckOut(Model):
    """The job that looks at a source; null when one does already or the source cannot be reached.

    A site's job is its run, too: `GET /runs/{id}`.
    """

    job: JobOut | None
