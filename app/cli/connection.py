"""Where a command finds the API: at the running service if there is one, else in this process."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx

from app.db.keys import get_or_create_key, local_token_path
from app.errors import CloisterError, EngineUnavailable, NotFound, Rejected
from app.settings import Settings

PROBE_TIMEOUT_S = 3.0
API = "/api/v1"


class Api:
    """The API as a command sees it. Errors come back as the error tree."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def get(self, path: str, **params: str | bool) -> Any:
        """The JSON of a GET."""
        return self._checked(await self._client.get(API + path, params=params)).json()

    async def get_all(self, path: str, **params: str | bool) -> list[Any]:
        """The JSON of a GET of a list, all parts of it."""
        found: list[Any] = []
        while True:
            answer = self._checked(await self._client.get(API + path, params={**params, "offset": len(found)}))
            part = answer.json()
            found += part
            if not part or len(found) >= int(answer.headers["X-Total-Count"]):
                return found

    async def get_text(self, path: str, **params: str) -> str:
        """The body of a GET."""
        return self._checked(await self._client.get(API + path, params=params)).text

    async def post(self, path: str, body: object = None) -> Any:
        """The JSON of a POST."""
        return self._checked(await self._client.post(API + path, json=body)).json()

    async def post_file(self, path: str, file: Path) -> Any:
        """The JSON of a POST that sends a file."""
        with file.open("rb") as content:
            return self._checked(await self._client.post(API + path, files={"file": (file.name, content)})).json()

    async def patch(self, path: str, body: object) -> Any:
        """The JSON of a PATCH."""
        return self._checked(await self._client.patch(API + path, json=body)).json()

    async def delete(self, path: str) -> Any:
        """The JSON of a DELETE; None where it says nothing."""
        response = self._checked(await self._client.delete(API + path))
        return response.json() if response.content else None

    @staticmethod
    def _checked(response: httpx.Response) -> httpx.Response:
        if response.is_success:
            return response
        detail = str(response.json().get("detail", response.reason_phrase))
        match response.status_code:
            case 404:
                raise NotFound(detail)
            case 503:
                raise EngineUnavailable(detail)
            case code if code < 500:
                raise Rejected(detail)
            case _:
                raise CloisterError(detail)


@asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator[Api]:
    """The API of the service that owns this data folder, or one in this process when none is running."""
    url = await find_service(settings.data_dir)
    if url:
        headers = _bearer(get_or_create_key(local_token_path(settings.data_dir)))
        # trust_env off: a proxy from the environment must not see what is asked on this machine.
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=None, trust_env=False) as client:  # noqa: S113
            yield Api(client)
        return
    async with _in_process(settings) as api:
        yield api


@asynccontextmanager
async def _in_process(settings: Settings) -> AsyncIterator[Api]:
    # Imported here: what they bring takes seconds to load, and a command to a running service needs none of it.
    from app.bootstrap import open_services
    from app.web.api.app import build_api

    services = await asyncio.to_thread(open_services, settings)
    try:
        transport = httpx.ASGITransport(app=build_api(services))
        async with httpx.AsyncClient(
            base_url="http://in-process",
            headers=_bearer(services.local_token),
            transport=transport,
            timeout=None,  # noqa: S113
        ) as client:
            yield Api(client)
    finally:
        await asyncio.to_thread(services.close)


async def find_service(data_dir: Path) -> str | None:
    """The address of a service that runs on this data folder and answers."""
    try:
        note = json.loads(_note(data_dir).read_text(encoding="utf-8"))
        url = str(note["url"])
        # A process that is gone may have left its address to another program, which must not be given our key.
        os.kill(int(note["pid"]), 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    try:
        async with httpx.AsyncClient(timeout=PROBE_TIMEOUT_S, trust_env=False) as client:
            response = await client.get(f"{url}/healthz")
    except httpx.HTTPError:
        return None
    return url if response.is_success else None


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def announced(data_dir: Path, url: str) -> Iterator[None]:
    """Let the commands on this machine find the running service."""
    note = _note(data_dir)
    note.write_text(json.dumps({"url": url, "pid": os.getpid()}), encoding="utf-8")
    try:
        yield
    finally:
        if _names_this_process(note):  # of several that share the folder, the last one to start is found
            note.unlink(missing_ok=True)


def _names_this_process(note: Path) -> bool:
    try:
        return bool(json.loads(note.read_text(encoding="utf-8"))["pid"] == os.getpid())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _note(data_dir: Path) -> Path:
    return data_dir / "service.json"
