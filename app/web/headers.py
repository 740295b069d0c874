"""What every answer tells the browser: ask nobody else, guess no types, keep nothing that is private, in no frame.

A face that shows pages says in its answer what these may load (`policy`); all else may load nothing.
"""

import base64
import hashlib
import re
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = "content-security-policy"
# The same for everybody, with nothing of anybody in it: browsers may keep them.
STATIC: Final = ("/static/", "/assets/", "/docs/assets/", "/public/", "/favicon", "/logo", "/admin/records/statics/")
A_YEAR_S: Final = 31_536_000
_INLINE: Final = {
    kind: re.compile(rf"<{kind}(?![^>]*\ssrc\s*=)[^>]*>(.*?)</{kind}\s*>", re.DOTALL | re.IGNORECASE)
    for kind in ("script", "style")
}


def policy(**sources: str) -> str:
    """A content security policy that allows what is named, as `script_src="'self'"`, and nothing else."""
    nothing = dict.fromkeys(("default_src", "base_uri", "form_action", "frame_ancestors"), "'none'")
    return "; ".join(f"{name.replace('_', '-')} {value}" for name, value in {**nothing, **sources}.items())


def hash_inline(kind: str, html: str) -> list[str]:
    """What a policy must name for the scripts or styles (`kind`) that stand in a page itself to count."""
    return [hash_source(content) for content in dict.fromkeys(_INLINE[kind].findall(html))]


def hash_source(content: str) -> str:
    """What a policy must name for one script or style with this content."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


# For the admin pages, and whatever else is a page of ours: nothing from elsewhere, no script or style in the page.
PAGE: Final = policy(
    script_src="'self'",
    style_src="'self'",
    img_src="'self' data:",
    font_src="'self'",
    connect_src="'self'",
    media_src="'self'",
    form_action="'self'",
)


class SafeHeaders:
    """Around a whole app: its answers with our headers. What an answer says for itself is left, but for one thing:

    no answer is for scripts of other origins.
    """

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self._app = app
        self._always = {
            POLICY: policy(),
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "same-origin",
            "permissions-policy": "microphone=(), camera=(), geolocation=(), display-capture=(), payment=(), usb=()",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
        }
        if is_https:
            # Of this host alone: what else lies below its name is not ours to decide on.
            self._always["strict-transport-security"] = f"max-age={A_YEAR_S}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(MutableHeaders(scope=message), scope["path"])
            await send(message)

        await self._app(scope, receive, send_safe)

    def _complete(self, headers: MutableHeaders, path: str) -> None:
        for name in [name for name in headers if name.startswith("access-control-")]:
            del headers[name]
        names_frames = "frame-ancestors http" in headers.get(POLICY, "")
        for name, value in self._always.items():
            # X-Frame-Options has no word for a list: where an answer names who may frame it, its policy says it alone.
            if not (name == "x-frame-options" and names_frames):
                headers.setdefault(name, value)
        if not path.startswith(STATIC):
            headers.setdefault("cache-control", "no-store")
