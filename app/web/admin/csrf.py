"""The token that a form carries to prove that it comes from our own pages."""

import hashlib
import hmac

from fastapi import Request

from app.web.api.caller import get_services

TOKEN_FIELD = "csrf"  # noqa: S105 - a name
TOKEN_HEADER = "x-csrf-token"  # noqa: S105 - a name


def make_token(request: Request) -> str:
    """What a form must carry: bound to this sign-in, so that no other site and no other person can know it."""
    services = get_services(request)
    cookies = "\x1f".join(f"{name}={value}" for name, value in sorted(request.cookies.items()) if _is_sign_in(name))
    return hmac.new(services.session_secret.encode(), f"form\x1f{cookies}".encode(), hashlib.sha256).hexdigest()


def _is_sign_in(cookie: str) -> bool:
    return cookie.startswith("access_token")
