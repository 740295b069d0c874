"""Forms with files are refused on a full disk before they come in: frameworks put them on the disk first."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.db.room import require_room
from app.errors import StorageFull
from app.services import Services
from app.web.api.problems import problem, status_of
from app.web.askers import ASKER, Asker
from app.web.bodies import FORM_WITH_FILES


class RoomFirst:
    """Inside of what measures bodies and asks who sends them. Strangers are told nothing of the disk."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app, self._services = app, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asker: Asker | None = scope.get(ASKER)
        refusal = self._find_refusal(Headers(scope=scope)) if asker and asker.is_known else None
        if refusal is None:
            await self._app(scope, receive, send)
            return
        # A browser that is cut off while it sends does not read the answer.
        while (message := await receive())["type"] == "http.request" and message.get("more_body"):
            pass
        await problem(status_of(refusal), str(refusal))(scope, receive, send)

    def _find_refusal(self, headers: Headers) -> StorageFull | None:
        if not headers.get("content-type", "").encode().startswith(FORM_WITH_FILES):
            return None
        length = headers.get("content-length", "")
        settings = self._services.settings
        try:
            require_room(settings.data_dir, settings.limits.min_free_mb, int(length) if length.isdecimal() else 0)
        except StorageFull as exc:
            return exc
        return None
