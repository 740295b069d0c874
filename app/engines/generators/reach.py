"""Whether the language model's endpoint answers at all: asked without computing anything there."""

import httpx

from app.egress.addresses import AddressGuard
from app.engines.endpoint import open_client
from app.engines.generators.connection import refusal, unreachable
from app.engines.generators.endpoint import PASSING
from app.settings import GeneratorSettings


def require_endpoint(settings: GeneratorSettings, *, timeout_s: float, outside: bool) -> None:
    """Ask the endpoint for its list of models. Raises EngineUnavailable where it is away, broken or refuses the key.

    `outside`: whether it may be at a public address. One that has no such list answers nevertheless.
    """
    url = settings.url.rstrip("/").removesuffix("/chat/completions")
    guard = AddressGuard([httpx.URL(url).host], outside=outside)
    try:
        with open_client(timeout_s=timeout_s, api_key=settings.api_key.get_secret_value(), guard=guard) as client:
            status = client.get(f"{url}/models").status_code
    except httpx.HTTPError as exc:
        raise unreachable(url, exc) from None
    if status in (*PASSING, 401, 403):
        raise refusal(status, url=url, model=settings.model)
