"""One address for one page: what does not change the page is folded away (RFC 3986, section 6)."""

import re
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
# Parameters that say where a visitor comes from or who they are, never what the page is.
_TRACKING: Final = re.compile(
    r"(?:utm_\w+|fbclid|gclid|dclid|msclkid|mc_[ce]id|_ga|igshid|phpsessid|jsessionid|sessionid|session_id|sid|dokuwiki)",
    re.IGNORECASE,
)
_SESSION_IN_PATH: Final = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)
# Characters of a path that mean themselves.
_SAFE_IN_PATH: Final = "/:@!$&'()*+,;=~-._"
LONGEST: Final = 2_000
_INDEX_FILES: Final = ("index.html", "index.htm")


def fold(url: str, base: str = "") -> str | None:
    """The address in its one form, absolute; None for what is no page: mailto:, file:, what cannot be read.

    Scheme and host in lower case, no default port, fragment, tracking or session; parameters in order.
    """
    try:
        parts = urlsplit(urljoin(base, url.strip()))
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not host or len(url) > LONGEST:
        return None
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != DEFAULT_PORTS[parts.scheme]:
        netloc = f"{netloc}:{port}"
    path = _fold_path(_SESSION_IN_PATH.sub("", parts.path))
    kept = sorted(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(pair[0]))
    return urlunsplit((parts.scheme, netloc, path, urlencode(kept), ""))


def host_of(url: str) -> str:
    """The host with its port where that is not the scheme's own."""
    return urlsplit(url).netloc


def hostname_of(url: str) -> str:
    """The host without its port."""
    return urlsplit(url).hostname or ""


def file_name_of(url: str) -> str:
    """The last part of the path, as people write it."""
    return unquote(urlsplit(url).path.rpartition("/")[2])


def origin_of(url: str) -> str:
    """Scheme and host of a folded address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def web_address(location: str) -> str:
    """A document's location if it is an address on the web, else nothing: where files lie is not for everybody."""
    return location if location.startswith(("http://", "https://")) else ""


def is_same_site(url: str, other: str) -> bool:
    """Whether two addresses differ in no more than the scheme, its port, and “www.” in the host."""
    one, two = (urlsplit(each).hostname or "" for each in (url, other))
    return one.removeprefix("www.") == two.removeprefix("www.") and _said_port(url) == _said_port(other)


def index_twins(url: str) -> tuple[str, ...]:
    """The addresses under which a server may well show the same page: a folder and the index file in it."""
    folder, _, last = url.rpartition("/")
    if not last:
        return tuple(f"{url}{name}" for name in _INDEX_FILES)
    return (f"{folder}/",) if last in _INDEX_FILES else ()


def path_of(url: str) -> str:
    """Path and query: what patterns are held against."""
    parts = urlsplit(url)
    return f"{unquote(parts.path)}?{unquote(parts.query)}" if parts.query else unquote(parts.path)


def _said_port(url: str) -> int | None:
    return urlsplit(url).port


def _fold_path(path: str) -> str:
    kept: list[str] = []
    pieces = path.split("/")
    for piece in pieces:
        if piece == ".." and kept:
            kept.pop()
        elif piece not in ("", ".", ".."):
            # A slash that is written as %2F stays apart from one that parts.
            kept.append("%2F".join(quote(unquote(part), _SAFE_IN_PATH) for part in re.split("%2[fF]", piece)))
    is_folder = not kept or pieces[-1] in ("", ".", "..")
    return f"/{'/'.join(kept)}{'/' if kept and is_folder else ''}"
