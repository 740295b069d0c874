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
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.db.session import Database
from app.settings import Settings, chat_files_dir
from app.web.chat.backend import ChatBackend
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
    "/mcp",
    "/copilot",
)
# What the page offers to attach to those who may not add documents, by type and file ending.
PICTURES = {"image/png": [".png"], "image/jpeg": [".jpg", ".jpeg"], "image/webp": [".webp"]}
# The browser's own guarantee that nothing on the page, not even an image in a document, asks another host.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        # blob: Chainlit makes its recorder's script in the page. Whoever can make such a script runs one already.
        "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "microphone=(self), camera=(), geolocation=()",
}


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
    guard_events(backend)
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
    # These two stand before Chainlit's own.
    app.add_api_route("/project/file", uploads.receive, methods=["POST"], include_in_schema=False)
    app.add_api_route("/project/settings", page_settings, include_in_schema=False)
    app.router.default = _Guarded(chainlit_app)


class _Guarded:
    """Chainlit's app behind closed doors and security headers."""

    def __init__(self, chainlit_app: ASGIApp) -> None:
        self._app = chainlit_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(CLOSED):
            await JSONResponse({"detail": "There is nothing here."}, 404)(scope, receive, send)
            return

        if scope["type"] == "http" and scope["path"] == "/login":
            from app.web.chat.sign_in import see_visitor, visiting

            visiting.set(see_visitor(HTTPConnection(scope)))

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        await self._app(scope, receive, send_guarded)


def _mark_cookies_secure(is_https: bool) -> None:
    """Chainlit ties the Secure mark to SameSite=None; ours is Lax, and secure wherever people use https."""
    import chainlit.auth.cookie

    chainlit.auth.cookie._cookie_secure = is_https
