"""What the journey takes in: a text, a table, a picture of text, and a site on this machine."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

TEXT: Final = """# Boiler room

The boiler is serviced every fourteen months. The caretaker keeps the key.

## In an emergency

Close the red valve first, then call the caretaker on extension 4711.
"""
TABLE: Final = "city,visitors\nOslo,120\nBergen,80\nTromsø,45\n"
NOTICE: Final = "Notice: the boiler is serviced on 14 May.\nCall the caretaker on extension 4711."
QUESTION: Final = "How often is the boiler serviced?"
TABLE_QUESTION: Final = "What is the total of visitors?"
_PAGES: Final = {
    "/": "<h1>House wiki</h1><p>All about the house.</p><p><a href='/keys.html'>Keys</a></p>",
    "/keys.html": "<h1>Keys</h1><p>The key of the cellar hangs behind the door of the boiler room.</p>",
}


def draw_notice() -> bytes:
    """A PNG that holds nothing but pixels; its words are for OCR."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (1200, 300), "white")
    ImageDraw.Draw(picture).text((60, 60), NOTICE, fill="black", font=ImageFont.load_default(48))
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


@contextmanager
def local_site() -> Iterator[str]:
    """The address of two pages on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    threading.Thread(target=server.serve_forever, name="local-site", daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = _PAGES.get(self.path)
        body = f"<!doctype html><title>House</title><main>{page}</main>".encode() if page else b"no such page"
        self.send_response(200 if page else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""
