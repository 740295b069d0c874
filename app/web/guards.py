"""The walls around the whole app, from the outside in. Nothing the app answers, errors included, passes by them."""

from fastapi import FastAPI
from starlette.types import ASGIApp

from app.services import Services
from app.web.askers import Askers
from app.web.bodies import BodyLimit
from app.web.finishing import Finishing
from app.web.headers import SafeHeaders
from app.web.named_by_proxy import BoundToProxy
from app.web.openai.errors import OpenAIErrors
from app.web.origins import OwnOrigin
from app.web.proxies import Proxies
from app.web.rates import RateLimit
from app.web.requests_log import RequestLog
from app.web.room import RoomFirst


def guard(app: FastAPI, services: Services) -> None:
    """Put the walls around the app, before it answers its first request.

    `add_middleware` would put them inside of what answers unforeseen errors.
    """
    settings = services.settings
    askers = Askers(services)
    build_stack = app.build_middleware_stack

    def build_guarded() -> ASGIApp:
        inner: ASGIApp = Finishing(build_stack(), services.in_hand)
        inner = BodyLimit(RoomFirst(inner, services), askers, settings.limits)
        inner = RateLimit(inner, askers, settings.limits.requests_per_minute)
        if settings.single_sign_on.engine == "headers":
            inner = BoundToProxy(inner, services=services)
        inner = OwnOrigin(inner, settings.server.public_url)
        inner = OpenAIErrors(inner)
        inner = SafeHeaders(inner, is_https=settings.server.url.startswith("https://"))
        inner = RequestLog(inner)
        # The first to be asked: all others see who is really there.
        return Proxies(inner, trusted=settings.server.trusted_proxies)

    app.build_middleware_stack = build_guarded  # type: ignore[method-assign]
