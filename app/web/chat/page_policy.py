"""What the chat's page may load: what this service serves, the page's own scripts, and the styles that these make.

The browser holds to it, so nothing that an answer or a document says can make the page ask another host, run a script
or dress up as something else (docs/decisions/0037).
"""

import gzip
import secrets
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from app.web.chat.frontend import NONCE_PLACE
from app.web.headers import POLICY, hash_inline, policy

# Asking for the microphone is the page's own affair: questions by voice.
PERMISSIONS: Final = "microphone=(self), camera=(), geolocation=(), display-capture=(), payment=(), usb=()"
MOST_PAGE_BYTES: Final = 1 << 20


def page_policy(html: str = "", nonce: str = "") -> str:
    """The policy for a page with these inline scripts, whose styles carry this mark; without a page, for all else."""
    return policy(
        # blob: Chainlit makes its recorder's script in the page. Whoever can make such a script runs one already.
        script_src=" ".join(["'self'", "blob:", *hash_inline("script", html)]),
        style_src=f"'self' 'nonce-{nonce}'" if nonce else "'self'",
        img_src="'self' data: blob:",
        media_src="'self' blob:",
        font_src="'self' data:",
        connect_src="'self'",
        worker_src="'self' blob:",
        form_action="'self'",
    )


class PageSender:
    """Sends an answer of Chainlit's; a page is held back until it is whole, and sent with a mark of its own."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        """Send, or hold back, one ASGI message."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["permissions-policy"] = PERMISSIONS
            headers[POLICY] = page_policy()
            if headers.get("content-type", "").startswith("text/html"):
                self._start = message
                return
        elif self._start is not None and message["type"] == "http.response.body":
            await self._hold(message, self._start)
            return
        await self._send(message)

    async def _hold(self, message: Message, start: Message) -> None:
        self._body += message.get("body", b"")
        if len(self._body) > MOST_PAGE_BYTES:
            raise ValueError("The chat library sent a page of more than a mebibyte; it has none.")
        if message.get("more_body"):
            return
        headers = MutableHeaders(scope=start)
        page = gzip.decompress(self._body) if headers.get("content-encoding") == "gzip" else self._body
        nonce = secrets.token_urlsafe(16)
        html = page.decode().replace(NONCE_PLACE, nonce)
        headers[POLICY] = page_policy(html, nonce)
        if self._body:
            del headers["content-encoding"]
            headers["content-length"] = str(len(html.encode()))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": html.encode()})
