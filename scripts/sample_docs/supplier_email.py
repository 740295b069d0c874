"""A supplier's e-mail in plain text and HTML, with a quotation as a PDF attached."""

from datetime import datetime, timedelta, timezone
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from io import BytesIO
from pathlib import Path

from page_layout import lay_out
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import SimpleDocTemplate
from text_blocks import parse_blocks

ATTACHMENT_NAME = "quotation-HQ-2026-0318.pdf"
SENT = datetime(2026, 3, 18, 16, 42, tzinfo=timezone(timedelta(hours=1)))
MARGIN = 22 * mm


def write_supplier_email(sources: Path, target: Path) -> None:
    text = (sources / "supplier-email.txt").read_text("utf-8")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Jürgen Höfling", "j.hoefling", "keramik-hoefling.example")
    message["To"] = Address("Mirko Dalhoff", "mirko.dalhoff", "arkenfeld.example")
    message["Cc"] = Address("Emil Farkas", "emil.farkas", "arkenfeld.example")
    message["Subject"] = "Quotation HQ-2026-0318 and kiln overhaul in summer"
    message["Date"] = format_datetime(SENT)
    message["Message-ID"] = "<20260318164200.4417@keramik-hoefling.example>"
    message.set_content(text)
    message.add_alternative(_as_html(text), subtype="html")
    message.add_attachment(
        _build_quotation(sources / "quotation.md"), maintype="application", subtype="pdf", filename=ATTACHMENT_NAME
    )
    _fix_boundaries(message)
    target.write_bytes(message.as_bytes())


def _as_html(text: str) -> str:
    paragraphs = (escape(part).replace("\n", "<br>\n") for part in text.strip().split("\n\n"))
    body = "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f'<!DOCTYPE html>\n<html lang="en"><body style="font-family: sans-serif">\n{body}\n</body></html>\n'


def _build_quotation(source: Path) -> bytes:
    target = BytesIO()
    document = SimpleDocTemplate(
        target, pagesize=A4, invariant=1, leftMargin=MARGIN, rightMargin=MARGIN,
        title="Quotation HQ-2026-0318", author="Keramik Höfling GmbH",
    )  # fmt: skip
    document.build(list(lay_out(parse_blocks(source.read_text("utf-8")), A4[0] - 2 * MARGIN)))
    return target.getvalue()


def _fix_boundaries(message: EmailMessage) -> None:
    # Left alone, the email package draws a random boundary for each build.
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_hoefling_20260318_{number}")
