"""Every route of the service, from the route tables of our app and of the chat's behind it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

# Files that everybody gets, and the chat's socket, whose events go through the backend (see test_isolation).
NO_ROUTES = {"/ws/socket.io"}


@dataclass(frozen=True, slots=True)
class Door:
    """A method and a path. `route`: what it takes; None for one that reads its request itself."""

    method: str
    path: str
    route: APIRoute | None


def list_doors(app: FastAPI) -> list[Door]:
    """Every method and path; where two stand on one, the first, which is the one that answers."""
    from chainlit.server import app as chat

    doors: dict[tuple[str, str], Door] = {}
    for door in [*_walk(app.routes, ""), *_walk(chat.routes, "")]:
        doors.setdefault((door.method, door.path), door)
    return list(doors.values())


def _walk(routes: Sequence[BaseRoute], prefix: str) -> Iterator[Door]:
    for route in routes:
        included: Any = getattr(route, "original_router", None)
        if included is not None:
            yield from _walk(included.routes, prefix + route.include_context.prefix)  # type: ignore[attr-defined]
        elif isinstance(route, APIRoute | Route):
            for method in sorted(route.methods or ()):
                yield Door(method, prefix + route.path, route if isinstance(route, APIRoute) else None)
        elif isinstance(route, Mount) and isinstance(route.app, StaticFiles):
            yield Door("GET", f"{prefix}{route.path}/{{filename}}", None)
        elif isinstance(route, Mount) and route.path in NO_ROUTES:
            continue
        elif isinstance(route, Mount):
            yield from _walk(route.routes, prefix + route.path)
        else:
            raise TypeError(f"a route that nobody walks over: {route}")
