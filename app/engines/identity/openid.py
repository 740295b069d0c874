"""Signing in at an OpenID Connect provider: the code flow with PKCE (RFC 7636, RFC 9700).

The provider's address is in the settings, so it may be asked wherever it is; nothing else inside may be, and no
redirect is followed.
"""

import base64
import hashlib
import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from app.domain.identity import SignInAttempt, Vouched
from app.egress.addresses import AddressGuard
from app.egress.client import Bounds, open_client
from app.egress.refusal import raise_if_refused
from app.engines.identity.id_token import NoKeyFits, TokenRefused, read_id_token
from app.errors import EngineUnavailable, Forbidden, Rejected
from app.settings.guarding import SingleSignOnSettings

log = logging.getLogger(__name__)
DISCOVERY: Final = "/.well-known/openid-configuration"
KEPT_S: Final = 3600.0
_BOUNDS: Final = Bounds(max_mb=1, timeout_s=10, redirects=0)


@dataclass(frozen=True, slots=True)
class _Provider:
    """What its discovery document says. `end_url`: "" where it signs nobody out."""

    issuer: str
    authorize_url: str
    token_url: str
    keys_url: str
    userinfo_url: str
    end_url: str
    takes_basic: bool


class OpenIdProvider:
    """One provider. What it says of itself is asked for again after an hour, its keys as soon as none fits."""

    def __init__(
        self, settings: SingleSignOnSettings, redirect_url: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._redirect_url, self._clock = settings, redirect_url, clock
        self._host = httpx.URL(settings.url).host
        self._known: tuple[float, _Provider] | None = None
        self._keys: list[Mapping[str, Any]] = []

    async def begin(self) -> tuple[str, SignInAttempt]:
        """The address at the provider to send a browser to, and what has to be remembered of it.

        Raises EngineUnavailable.
        """
        async with self._client() as client:
            provider = await self._discover(client)
        attempt = SignInAttempt(*(secrets.token_urlsafe(32) for _ in range(3)))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).rstrip(b"=")
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._redirect_url,
            "scope": " ".join(self._settings.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        return _with_query(provider.authorize_url, query), attempt

    async def finish(self, code: str, attempt: SignInAttempt, *, issuer: str = "") -> Vouched:
        """Whom the provider vouches for, from the code that a browser brought back.

        `issuer`: who says that the answer is theirs (RFC 9207), where it was said. Raises Forbidden for whatever is
        not to be believed, EngineUnavailable.
        """
        async with self._client() as client:
            provider = await self._discover(client)
            if issuer and issuer != provider.issuer:
                raise _refused("the answer comes from another provider (iss)")
            answer = await self._exchange(client, provider, code, attempt)
            claims = await self._read(client, provider, answer.get("id_token"), attempt)
            if not _text(claims.get(self._settings.name_claim)):
                claims = await self._ask_more(client, provider, answer.get("access_token"), claims)
        return self._vouched(claims)

    async def find_sign_out_url(self, back: str) -> str | None:
        """Where the provider ends its own session and leads back to `back`; None where it does not.

        Raises EngineUnavailable.
        """
        async with self._client() as client:
            provider = await self._discover(client)
        query = {"client_id": self._settings.client_id, "post_logout_redirect_uri": back}
        return _with_query(provider.end_url, query) if provider.end_url else None

    def _client(self) -> httpx.AsyncClient:
        guard = AddressGuard([self._host], outside=True)
        return open_client(guard, user_agent=f"Cloister/{version('cloister')}", bounds=_BOUNDS)

    async def _discover(self, client: httpx.AsyncClient) -> _Provider:
        if self._known and self._clock() - self._known[0] < KEPT_S:
            return self._known[1]
        said = await self._ask(client, "GET", self._settings.url.rstrip("/") + DISCOVERY)
        provider = self._provider(said)
        self._known = (self._clock(), provider)
        return provider

    def _provider(self, said: Mapping[str, Any]) -> _Provider:
        issuer = _text(said.get("issuer"))
        # What is typed into settings with or without its last slash is the same address; in tokens it is not.
        if issuer.rstrip("/") != self._settings.url.rstrip("/"):
            raise EngineUnavailable(
                f"The sign-in service at {self._host} calls itself by another address than single_sign_on.url says. "
                "Nobody was signed in; an admin can put its issuer there."
            )
        methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return _Provider(
            issuer,
            self._endpoint(said, "authorization_endpoint"),
            self._endpoint(said, "token_endpoint"),
            self._endpoint(said, "jwks_uri"),
            self._endpoint(said, "userinfo_endpoint", is_needed=False),
            self._endpoint(said, "end_session_endpoint", is_needed=False),
            "client_secret_basic" in methods,
        )

    def _endpoint(self, said: Mapping[str, Any], name: str, *, is_needed: bool = True) -> str:
        """An address of the provider, encrypted as its own is."""
        url = _text(said.get(name))
        if not url and not is_needed:
            return ""
        if not url.startswith("https://") and not (
            url.startswith("http://") and self._settings.url.startswith("http:")
        ):
            raise EngineUnavailable(
                f"The sign-in service at {self._host} has no safe address for its {name}. Nobody was signed in; an "
                "admin can look at single_sign_on.url."
            )
        return url

    async def _exchange(
        self, client: httpx.AsyncClient, provider: _Provider, code: str, attempt: SignInAttempt
    ) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_url,
            "code_verifier": attempt.verifier,
        }
        secret = self._settings.client_secret.get_secret_value()
        if secret and provider.takes_basic:
            headers = {"Authorization": _basic(self._settings.client_id, secret)}
        else:
            headers = {}
            form |= {"client_id": self._settings.client_id} | ({"client_secret": secret} if secret else {})
        return await self._ask(client, "POST", provider.token_url, data=form, headers=headers)

    async def _read(
        self, client: httpx.AsyncClient, provider: _Provider, token: object, attempt: SignInAttempt
    ) -> dict[str, Any]:
        if not isinstance(token, str):
            raise _refused("there is no ID token")
        expected = {"issuer": provider.issuer, "client_id": self._settings.client_id, "nonce": attempt.nonce}
        try:
            if self._keys:
                try:
                    return read_id_token(token, self._keys, **expected)
                except NoKeyFits:
                    log.info("None of the provider's known keys fits; it is asked for new ones.")
            self._keys = await self._ask_keys(client, provider)
            return read_id_token(token, self._keys, **expected)
        except TokenRefused as exc:
            raise _refused(str(exc)) from exc

    async def _ask_keys(self, client: httpx.AsyncClient, provider: _Provider) -> list[Mapping[str, Any]]:
        keys = (await self._ask(client, "GET", provider.keys_url)).get("keys")
        return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []

    async def _ask_more(
        self, client: httpx.AsyncClient, provider: _Provider, access_token: object, claims: dict[str, Any]
    ) -> dict[str, Any]:
        """Some providers put names and groups where an access token opens, and not into the ID token."""
        if not provider.userinfo_url or not isinstance(access_token, str):
            return claims
        headers = {"Authorization": f"Bearer {access_token}"}
        said = await self._ask(client, "GET", provider.userinfo_url, headers=headers)
        if said.get("sub") != claims["sub"]:
            raise _refused("the provider speaks of somebody else (sub)")
        return {**said, **claims}

    def _vouched(self, claims: Mapping[str, Any]) -> Vouched:
        name = _text(claims.get(self._settings.name_claim))
        if not name:
            raise Forbidden(
                f"The sign-in service did not say your name (the claim “{self._settings.name_claim}”). Nobody was "
                "signed in; an admin can name another claim in single_sign_on.name_claim."
            )
        groups = claims.get(self._settings.groups_claim)
        listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        named = frozenset(each for each in listed if isinstance(each, str) and each)
        return Vouched(str(claims["iss"]), str(claims["sub"]), name, named)

    async def _ask(self, client: httpx.AsyncClient, method: str, url: str, **given: Any) -> Mapping[str, Any]:
        """The JSON object that the provider answers. Raises Forbidden where it refuses, EngineUnavailable."""
        try:
            answer = await client.request(method, url, **given)
        except (httpx.HTTPError, Rejected) as exc:
            raise_if_refused(exc)
            log.warning("The sign-in service could not be asked: %s", type(exc).__name__)
            raise _away(self._host) from exc
        if method == "POST" and 400 <= answer.status_code < 500:
            raise _refused(f"the provider refuses the code ({_error_of(answer)})")
        said = _object(answer)
        if answer.status_code != httpx.codes.OK or said is None:
            log.warning("The sign-in service answered with status %s.", answer.status_code)
            raise _away(self._host)
        return said


def _away(host: str) -> EngineUnavailable:
    return EngineUnavailable(
        f"The sign-in service at {host} does not answer as it should. Nobody was signed in; try again in a few "
        "minutes. Whoever has a password here can sign in with it."
    )


def _refused(reason: str) -> Forbidden:
    log.warning("A sign-in was refused: %s", reason)
    return Forbidden(
        f"What the sign-in service sent is not to be believed: {reason}. Nobody was signed in; try again from the "
        "sign-in page, and if it happens again, tell an admin."
    )


def _object(answer: httpx.Response) -> Mapping[str, Any] | None:
    try:
        said = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None
    return said if isinstance(said, dict) else None


def _error_of(answer: httpx.Response) -> str:
    """The provider's word for it, as far as it is one (RFC 6749, section 5.2)."""
    error = _text((_object(answer) or {}).get("error"))
    return error if error.replace("_", "").isalpha() and len(error) < 50 else str(answer.status_code)


def _basic(client_id: str, secret: str) -> str:
    """Encoded as forms are, before it is encoded as headers are (RFC 6749, section 2.3.1)."""
    pair = ":".join(urlencode({"": part})[1:] for part in (client_id, secret))
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _with_query(url: str, query: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
