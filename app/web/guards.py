"""The walls around the whole app, from the outside in. Nothing the app answers, errors included, passes by them."""

from fastapi import FastAPI
from starlette.types import ASGIApp

from app.services import Services
from app.web.askers import Askers
from app.web.bodies import BodyLimit
from app.web.headers import SafeHeaders
from app.web.origins import OwnOrigin
from app.web.rates import RateLimit


def guard(app: FastAPI, services: Services) -> None:
    """Put the walls around the app, before it answers its first request.

    `add_middleware` would put them inside of what answers unforeseen errors.
    """
    server, limits = services.settings.server, services.settings.limits
    askers = Askers(services)
    build_stack = app.build_middleware_stack

    def build_guarded() -> ASGIApp:
        limited = RateLimit(BodyLimit(build_stack(), askers, limits), askers, limits.requests_per_minute)
        return SafeHeaders(OwnOrigin(limited, server.public_url), is_https=server.url.startswith("https://"))

    app.build_middleware_stack = build_guarded  # type: ignore[method-assign]
