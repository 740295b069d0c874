"""Opening a PDF with pdfium, and drawing its pages."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]
from PIL import Image

from app.errors import UnreadableDocument
from ingest.parse.pdf_read import PDFIUM_LOCK


@contextmanager
def open_pdf(path: Path, name: str, passwords: Sequence[str]) -> Iterator[pdfium.PdfDocument]:
    """Raises UnreadableDocument when it is broken or opens with none of the passwords."""
    with PDFIUM_LOCK:
        pdf = _unlock(path, name, passwords)
    try:
        yield pdf
    finally:
        with PDFIUM_LOCK:
            pdf.close()


def render(pdf: pdfium.PdfDocument, index: int, scale: float) -> Image.Image:
    """A page (0-based) as it is displayed, at so many pixels per point."""
    with PDFIUM_LOCK:
        page = pdf[index]
        try:
            bitmap = page.render(scale=scale)
            image: Image.Image = bitmap.to_pil().copy()  # the bitmap's memory goes with it
            bitmap.close()
            return image
        finally:
            page.close()


def scale_within(most_pixels: int, width: float, height: float) -> float:
    """The scale at which a page of this size has so many pixels."""
    return float((most_pixels / max(width * height, 1.0)) ** 0.5)


def find_password(path: Path, passwords: Sequence[str]) -> str | None:
    """The first password that opens the file; None where it opens without one, or not at all."""
    for password in (None, *passwords):
        with PDFIUM_LOCK:
            try:
                pdfium.PdfDocument(path, password=password).close()
            except pdfium.PdfiumError:
                continue
            return password
    return None


def _unlock(path: Path, name: str, passwords: Sequence[str]) -> pdfium.PdfDocument:
    """Open with the first password that fits; a file without protection opens with any."""
    for password in passwords or (None,):
        try:
            return pdfium.PdfDocument(path, password=password)
        except pdfium.PdfiumError as exc:
            if getattr(exc, "err_code", None) != raw.FPDF_ERR_PASSWORD:
                raise UnreadableDocument(
                    f"{name} is a broken PDF; open it in a viewer, save it again and add that."
                ) from exc
    raise UnreadableDocument(_password_sentence(name, has_password=bool(passwords)))


def _password_sentence(name: str, *, has_password: bool) -> str:
    if has_password:
        return f"{name} does not open with the password that was given; check the password."
    return f"{name} is protected and a password is needed; give its password or save a copy without one."
