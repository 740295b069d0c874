"""Chainlit's app as the fallback of ours: what no route of ours answers goes to the chat page.

`chainlit.utils.mount_chainlit` is not used. It loads its target a second time by file path, adds a
middleware that cannot be added twice, and mounts: every route added later would be dead. Chainlit's
start-up hook does not run either way; there is nothing in it that we need.
"""

import asyncio
import json
import logging
from functools import partial
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.db.session import Database
from app.settings import Settings, chat_files_dir
from app.web.chat.backend import ChatBackend
from app.web.chat.page_policy import PageSender
from app.web.chat.prepare import require_prepared

# What Chainlit offers and we do not: unknown API paths (it would answer with its page), threads shared
# with anybody who has the link (no sign-in asked), processes and servers started by users, its widget, and ways to sign
# in besides the password, one of which would make an old cookie into a new one.
CLOSED = (
    "/api/",
    "/auth/jwt",
    "/auth/header",
    "/auth/oauth/",
    "/project/share",
    "/project/thread/share",
    # It writes and deletes by ids that the browser names, and does not ask whose they are. We have no such elements.
    "/project/element",
    "/mcp",
    "/copilot",
)
# Bytes of a file's name, on every usual file system.
LONGEST_NAME = 255
# What the page offers to attach to those who may not add documents, by type and file ending.
PICTURES = {"image/png": [".png"], "image/jpeg": [".jpg", ".jpeg"], "image/webp": [".webp"]}


def mount_chat(app: FastAPI, backend: ChatBackend, database: Database, settings: Settings) -> None:
    """Make the chat page answer what `app` has no route for, whether added before or after this call.

    `prepare` comes first. Raises RuntimeError when it did not.
    """
    require_prepared()
    # Imported here, not above: Chainlit reads its folder when it is imported.
    import chainlit.data
    from chainlit.server import UserParam, _language_pattern, project_settings
    from chainlit.server import app as chainlit_app

    from app.web.chat.data_layer import ChatDataLayer
    from app.web.chat.doors import guard_connections, guard_events, guard_routes
    from app.web.chat.handlers import register
    from app.web.chat.owning import add_guarded_routes, guard_threads
    from app.web.chat.picture_types import find_picture_type
    from app.web.chat.speaking import speak_command
    from app.web.chat.storage import ChatFiles
    from app.web.chat.uploads import Uploads

    files = ChatFiles(chat_files_dir(settings.data_dir))
    layer = ChatDataLayer(database, files)
    # Chainlit keeps the first data layer that it was given.
    chainlit.data._data_layer, chainlit.data._data_layer_initialized = None, False
    uploads = Uploads(backend)
    speak = partial(speak_command, backend) if backend.speaks else None
    register(backend, layer, uploads, web_pages=settings.web_search.pages, speak=speak)
    guard_routes(backend)
    guard_connections()
    guard_events(backend, per_minute=settings.limits.requests_per_minute)
    guard_threads(layer)
    # At every view of the page it warns of a welcome text that we do not have.
    logging.getLogger("chainlit").setLevel(logging.ERROR)
    _mark_cookies_secure(settings.server.url.startswith("https://"))

    async def read_file(thread_id: str, element_id: str, request: Request) -> Response:
        """A file of a chat, for the thread's owner."""
        from app.web.chat.sign_in import find_signed_in

        person_id = await find_signed_in(request, backend)
        if person_id is None or await layer.get_thread_author(thread_id) != person_id:
            raise HTTPException(404, "There is no such file, or it belongs to somebody else's chat.")
        path = files.get_path(f"{thread_id}/{element_id}")
        if not path.is_file():
            raise HTTPException(404, "The file is gone; the chat that it belongs to may have been deleted.")
        headers = {"x-content-type-options": "nosniff", "cache-control": "private, no-cache"}
        if media_type := await asyncio.to_thread(find_picture_type, path):
            return FileResponse(path, media_type=media_type, headers=headers)
        headers["content-disposition"] = "attachment"
        return FileResponse(path, media_type="text/plain; charset=utf-8", headers=headers)

    async def page_settings(
        user: UserParam, language: Annotated[str, Query(pattern=_language_pattern)] = "en-US"
    ) -> Response:
        """Chainlit's settings of the page. Whoever may not add documents is offered pictures for questions only."""
        answer = await project_settings(user, language, None)
        settings = json.loads(answer.body)
        upload = settings["features"]["spontaneous_file_upload"]
        upload["enabled"] = user is not None
        if user is None or not (
            await backend.may_upload(user.identifier) or await backend.may_hand_in(user.identifier)
        ):
            upload["accept"] = PICTURES
        return JSONResponse(settings)

    app.add_api_route("/chat-files/{thread_id}/{element_id}", read_file, include_in_schema=False)
    # These stand before Chainlit's own.
    add_guarded_routes(app, layer)
    app.add_api_route("/project/file", uploads.receive, methods=["POST"], include_in_schema=False)
    app.add_api_route("/project/settings", page_settings, include_in_schema=False)
    app.router.default = _Guarded(chainlit_app)


class _Guarded:
    """Chainlit's app behind closed doors, its page with the policy of what it may load."""

    def __init__(self, chainlit_app: ASGIApp) -> None:
        self._app = chainlit_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["path"].startswith(CLOSED) or not _can_be_a_file(scope["path"])):
            await JSONResponse({"detail": "There is nothing here."}, 404)(scope, receive, send)
            return

        if scope["type"] == "http" and scope["path"] == "/login":
            from app.web.chat.sign_in import see_visitor, visiting

            visiting.set(see_visitor(HTTPConnection(scope)))

        await self._app(scope, receive, PageSender(send) if scope["type"] == "http" else send)


def _can_be_a_file(path: str) -> bool:
    """Whether files could have the names of a path: Chainlit asks the disk for some of them as they are."""
    return "\0" not in path and all(len(part.encode()) <= LONGEST_NAME for part in path.split("/"))


def _mark_cookies_secure(is_https: bool) -> None:
    """Chainlit ties the Secure mark to SameSite=None; ours is Lax, and secure wherever people use https."""
    import chainlit.auth.cookie

    chainlit.auth.cookie._cookie_secure = is_https
