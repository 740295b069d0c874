"""What belongs to a crawl: the hosts and paths, how far, and what nobody wants of a wiki."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

from app.domain.urls import fold, host_of, origin_of, path_of
from app.errors import Rejected

# Pages about pages, and doors. MediaWiki, DokuWiki, Confluence, BookStack and most others. Held against path and query.
NEVER: Final = re.compile(
    r"""
    (?:[/=?&:](?:special|spezial|user|benutzer|user_talk|talk|diskussion|file_talk|mediawiki|template_talk):)
    | [?&]action=(?:edit|history|submit|delete|protect|raw|info|purge|watch|rollback|render|formedit)\b
    | [?&](?:oldid|diff|printable|veaction|redlink|returnto|mobileaction|curid)=
    | [?&]do=(?!show\b|export_xhtml\b)\w+ | [?&](?:rev|idx|tab_files|tab_details|ns|sectok|purge)=
    | /(?:log-?in|log-?out|sign-?in|sign-?out|sign-?up|register|password|wp-login\.php|wp-admin)(?:[/?.]|$)
    | /(?:pages/(?:editpage|viewpreviousversions|diffpages|resumedraft)|login\.action|dologin\.action|spacedirectory)
    | /(?:revisions|create-page|create-chapter|permissions|references)(?:[/?]|$)
    | [?&](?:replytocom|share|add-to-cart)=
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Files that hold no text of the site, told by their names so that they are not even asked for.
NO_TEXT: Final = re.compile(
    r"""
    \.(?: png|jpe?g|gif|svg|webp|avif|ico|bmp|tiff? | css|js|mjs|map|wasm | woff2?|ttf|otf|eot
       | mp[34]|m4[av]|ogg|ogv|wav|flac|avi|mov|mkv|webm | zip|gz|tgz|bz2|xz|zst|7z|rar|tar|jar|whl|deb|rpm|apk
       | exe|msi|dmg|iso|img|bin )$
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True)
class Scope:
    """The bounds of one crawl.

    `include`, `exclude`: patterns with * and ? that are held against path and query; an address must match one of
    `include` (if there are any) and none of `exclude`. `max_depth`: links away from a start address, which has depth 0,
    like what a sitemap names. `below_start`: only what lies in the folder of a start address. `all_pages`: also pages
    about pages (`NEVER`). `reads_sitemaps`: what robots.txt names, and /sitemap.xml, are asked for more addresses.
    """

    starts: tuple[str, ...]
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_depth: int = 20
    max_pages: int = 10_000
    below_start: bool = True
    all_pages: bool = False
    reads_sitemaps: bool = True

    def opened(self, target: str) -> "Scope":
        """The same scope with one more start: where a start address led."""
        return replace(self, starts=(*self.starts, target))

    def admits(self, url: str) -> bool:
        """Whether a folded address belongs to the crawl, whatever its depth. Start addresses always do."""
        if url in self.starts:
            return True
        if not any(url.startswith(prefix) for prefix in self._prefixes):
            return False
        path = path_of(url)
        if NO_TEXT.search(path.partition("?")[0]) or (not self.all_pages and NEVER.search(path)):
            return False
        return (not self._include or bool(self._include.search(path))) and not (
            self._exclude and self._exclude.search(path)
        )

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The hosts of the start addresses, with their ports where these are not the usual."""
        return frozenset(map(host_of, self.starts))

    @cached_property
    def _prefixes(self) -> tuple[str, ...]:
        return tuple(_folder(start) if self.below_start else _root(start) for start in self.starts)

    @cached_property
    def _include(self) -> re.Pattern[str] | None:
        return _any_of(self.include)

    @cached_property
    def _exclude(self) -> re.Pattern[str] | None:
        return _any_of(self.exclude)


def fold_starts(said: Sequence[str]) -> tuple[str, ...]:
    """Start addresses in their one form. Raises Rejected for one that is no web address, and for none."""
    if not said:
        raise Rejected("A crawl needs an address to start from.")
    starts: list[str] = []
    for each in said:
        start = fold(each)
        if start is None:
            raise Rejected(f"“{each}” is no web address; give one that begins with http:// or https://.")
        starts.append(start)
    return tuple(dict.fromkeys(starts))


def _root(url: str) -> str:
    return f"{origin_of(url)}/"


def _folder(url: str) -> str:
    """Up to the last slash of the path."""
    parts = urlsplit(url)
    return f"{origin_of(url)}{parts.path[: parts.path.rfind('/') + 1]}"


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(translate, patterns)), re.IGNORECASE) if patterns else None
