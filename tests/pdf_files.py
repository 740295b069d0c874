"""PDF files of a line or two."""

import io

from reportlab.pdfgen.canvas import Canvas


def build_pdf(*pages: str, password: str | None = None) -> bytes:
    """A page for each text, line by line; with a password, only that opens it."""
    stream = io.BytesIO()
    canvas = Canvas(stream, encrypt=password)
    for page in pages:
        for number, line in enumerate(page.splitlines()):
            canvas.drawString(72, 700 - 20 * number, line)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()
