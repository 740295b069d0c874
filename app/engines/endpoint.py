"""An endpoint that the settings name: its address, and HTTP to it and to nowhere else."""

import ssl

import httpx

from app.egress.addresses import AddressGuard
from app.egress.client import open_transport
from app.errors import SettingsError


def check_address(url: str, section: str, *, example: str, path: str = "", without_password: str = "") -> str:
    """The address without a slash and without `path`, the call that people write with it, at its end.

    `section`: of the settings, whose `url` this is. `without_password`: what to do for one that holds a password; by
    default the key is put where the section takes it. Raises SettingsError for an address that cannot work.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as exc:
        raise _no_address(section, example) from exc
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise _no_address(section, example)
    if parsed.userinfo:
        advice = without_password or f"put the key in CLOISTER_{section.upper()}__API_KEY instead"
        raise SettingsError(f"{section}.url holds a password; {advice}.")
    return url.rstrip("/").removesuffix(path)


def open_client(
    *, timeout_s: float, api_key: str = "", guard: AddressGuard | None = None, tls: ssl.SSLContext | None = None
) -> httpx.Client:
    """A client for one endpoint.

    It ignores proxies named in the environment and follows no redirect: both would carry documents, questions or
    answers to a host that nobody wrote into the settings. `guard`: which addresses may be connected to, where that is
    not left to the wall. `tls`: for whoever opens many clients; making one takes a while.
    """
    tls = tls or httpx.create_ssl_context(trust_env=False)
    return httpx.Client(
        verify=tls,
        transport=open_transport(guard, tls) if guard else None,
        timeout=timeout_s,
        trust_env=False,
        follow_redirects=False,
        headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
        event_hooks={"request": [_leave_out]},
    )


def _leave_out(request: httpx.Request) -> None:
    """What the openai client takes from the environment and adds by itself; it is no business of this endpoint."""
    for name in ("OpenAI-Organization", "OpenAI-Project"):
        request.headers.pop(name, None)


def _no_address(section: str, example: str) -> SettingsError:
    return SettingsError(f"{section}.url is no address; write it like {example}.")
