"""Sites as sources: what of them is wanted, how they are visited, and how one signs in."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from app.domain.scopes import Scope


class CrawlEngine(StrEnum):
    """Who fetches the pages."""

    BUILTIN = "builtin"
    FIRECRAWL = "firecrawl"


class WikiKind(StrEnum):
    """What runs the site. `auto` finds out at the first visit."""

    AUTO = "auto"
    PLAIN = "plain"
    MEDIAWIKI = "mediawiki"


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """How a site is visited.

    `delay_s`: at least so long between two requests, on top of what its robots.txt asks; `concurrency`: requests at
    once. `obeys_robots` may be off for one's own site. `is_internal`: an admin says that its hosts are of the own
    network. `renders`: pages are opened in a browser, for sites that need JavaScript.
    """

    scope: Scope
    concurrency: int
    delay_s: float = 0.0
    obeys_robots: bool = True
    is_internal: bool = False
    engine: CrawlEngine = CrawlEngine.BUILTIN
    wiki: WikiKind = WikiKind.AUTO
    renders: bool = False


@dataclass(frozen=True, slots=True)
class FormLogin:
    """A form that signs in: the page that shows it, and what to fill in. Hidden fields are sent along as they are."""

    url: str
    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignIn:
    """What opens a private site: headers (Authorization, Cookie) that go to its first start address, a form, or both.

    It goes to that origin only.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: FormLogin | None = None

    @classmethod
    def of(
        cls,
        *,
        bearer: str | None = None,
        user: str | None = None,
        password: str = "",
        headers: Mapping[str, str] = MappingProxyType({}),
        form: FormLogin | None = None,
    ) -> "SignIn":
        """From what people know: a token (RFC 6750), or name and password (RFC 7617), or headers as they are."""
        said = dict(headers)
        if bearer:
            said["Authorization"] = f"Bearer {bearer}"
        elif user:
            said["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        return cls(said, form)
