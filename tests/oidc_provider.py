"""A stand-in for an OpenID Connect provider: real keys, real discovery, on a real port; what it says can be bent.

It checks what a provider checks: the client's secret, the PKCE verifier, the redirect address, and that a code is used
once.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import jwt
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from tests.running_service import free_port

CLIENT, SECRET = "cloister", "a secret: with % and ü"
PATIENCE_S = 30
Claims = dict[str, Any]


@dataclass
class Provider:
    """What it says of whom, and how. `sign` makes a token of claims; without it, the key does. `extra` joins them.

    `asked` lists the paths that were asked for, `codes` what each code stands for.
    """

    url: str
    person: Claims = field(default_factory=lambda: {"sub": "8d1f", "preferred_username": "Clara", "groups": []})
    extra: Claims = field(default_factory=dict)
    discovery: Claims = field(default_factory=dict)
    userinfo: Claims = field(default_factory=dict)
    sign: Callable[[Claims], str] | None = None
    leaves_out: tuple[str, ...] = ()
    is_down: bool = False
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rotate()

    def rotate(self) -> None:
        """Another key, under another name; the old one is not published any more."""
        self.key: RSAPrivateKey = generate_private_key(public_exponent=65537, key_size=2048)
        self.key_id = secrets.token_hex(4)

    @property
    def public_pem(self) -> bytes:
        """What everybody may know of the key."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, form)

    def sign_with_key(self, claims: Claims) -> str:
        """As it should be."""
        return jwt.encode(claims, self.key, "RS256", headers={"kid": self.key_id})

    def token(self, nonce: str) -> str:
        """An ID token for the person."""
        now = int(time.time())
        told = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        claims = {k: v for k, v in {**told, **self.person, **self.extra}.items() if k not in self.leaves_out}
        return (self.sign or self.sign_with_key)(claims)


def build_app(provider: Provider) -> FastAPI:
    """The provider behind addresses."""
    app = FastAPI()

    @app.middleware("http")
    async def count(request: Request, call_next: Callable[[Request], Any]) -> Response:
        provider.asked.append(request.url.path)
        if provider.is_down and request.url.path != "/ready":
            return JSONResponse({"error": "server_error"}, 500)
        answer: Response = await call_next(request)
        return answer

    @app.get("/ready")
    def ready() -> str:
        return "ready"

    @app.get("/.well-known/openid-configuration")
    def discover() -> Claims:
        said = {
            "issuer": provider.url,
            "authorization_endpoint": f"{provider.url}/authorize",
            "token_endpoint": f"{provider.url}/token",
            "jwks_uri": f"{provider.url}/keys",
            "userinfo_endpoint": f"{provider.url}/userinfo",
            "end_session_endpoint": f"{provider.url}/leave",
        }
        return {**said, **provider.discovery}

    @app.get("/keys")
    def keys() -> Claims:
        shown = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(provider.key.public_key()))
        return {"keys": [{**shown, "kid": provider.key_id, "use": "sig", "alg": "RS256"}]}

    @app.get("/authorize")
    def authorize(request: Request) -> Response:
        """Signs everybody in at once, as the person of the moment."""
        query = dict(request.query_params)
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(8)
        provider.codes[code] = query
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}", 302)

    @app.post("/token")
    async def exchange(request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        pair = ":".join(urlencode({"": part})[1:] for part in (CLIENT, SECRET)).encode()
        if request.headers.get("authorization") != f"Basic {base64.b64encode(pair).decode()}":
            return JSONResponse({"error": "invalid_client"}, 401)
        begun = provider.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        is_ours = begun and (begun["code_challenge"], begun["redirect_uri"]) == (
            challenge.rstrip(b"=").decode(),
            form.get("redirect_uri"),
        )
        if not begun or not is_ours:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "opens userinfo", "id_token": provider.token(begun["nonce"])})

    @app.get("/userinfo")
    def userinfo(request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer opens userinfo":
            return JSONResponse({"error": "invalid_token"}, 401)
        return JSONResponse({"sub": provider.person["sub"], **provider.userinfo})

    @app.get("/leave")
    def leave(post_logout_redirect_uri: str) -> Response:
        return RedirectResponse(post_logout_redirect_uri, 302)

    return app


@contextmanager
def running_provider() -> Iterator[Provider]:
    """The provider, from its start to its end."""
    port = free_port()
    provider = Provider(f"http://127.0.0.1:{port}")
    server = uvicorn.Server(uvicorn.Config(build_app(provider), host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    give_up_at = time.monotonic() + PATIENCE_S
    while not server.started:
        assert thread.is_alive(), "the provider ended at its start"
        assert time.monotonic() < give_up_at, "the provider does not start"
        time.sleep(0.01)
    yield provider
    server.should_exit = True
    thread.join(PATIENCE_S)
