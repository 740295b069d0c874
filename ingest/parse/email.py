"""E-mail messages (.eml; .msg once they are turned into such): headers, body, attachments."""

import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

from app.domain import Attachment, ParsedDocument
from ingest.parse.attachments import unpack
from ingest.parse.detect import MediaType
from ingest.parse.hidden import Unseen, locate
from ingest.parse.html import read_tree, tree_markdown
from ingest.parse.html_hidden import find_hidden
from ingest.parse.markdown import heading
from ingest.parse.ooxml import reading

SHOWN_HEADERS: Final = ("From", "To", "Cc", "Date")
POLICY: Final = email.policy.default


def parse_email(path: Path, name: str, workspace: Path) -> ParsedDocument:
    """The subject as heading, sender and date below it, then the body; attachments wait to be parsed themselves."""
    with reading(name, "e-mail message"):
        return message_document(BytesParser(policy=POLICY).parsebytes(path.read_bytes()), workspace)


def message_document(message: EmailMessage, workspace: Path) -> ParsedDocument:
    """What a message says, and its attachments unpacked."""
    subject = _header(message, "Subject")
    lines = [f"{name}: {value}" for name in SHOWN_HEADERS if (value := _header(message, name))]
    body, hidden = _body(message)
    parts = [heading(subject, 1) if subject else "", "\n".join(lines), body]
    text = "\n\n".join(part for part in parts if part)
    return ParsedDocument(
        text=text,
        media_type=MediaType.EMAIL,
        title=subject,
        author=_header(message, "From"),
        created_at=_date(message),
        attachments=tuple(_attachments(message, workspace)),
        hidden=locate(hidden, text),
    )


def _header(message: EmailMessage, name: str) -> str:
    # A header that breaks the rules raises when it is read; it is then shown as not there.
    try:
        return " ".join(str(message.get(name) or "").split())
    except (ValueError, IndexError, AttributeError, TypeError):
        return ""


def _date(message: EmailMessage) -> datetime | None:
    try:
        moment = parsedate_to_datetime(_header(message, "Date"))
    except (ValueError, IndexError, TypeError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _body(message: EmailMessage) -> tuple[str, list[Unseen]]:
    """The words of the message, and those of them that its HTML hides."""
    part = message.get_body(("plain", "html"))
    if part is None:
        return "", []
    text = _content(part)
    if part.get_content_subtype() == "html":
        tree = read_tree(text)
        hidden = find_hidden(tree)
        return tree_markdown(tree), hidden
    return text.replace("\r\n", "\n").strip(), []


def _content(part: MIMEPart) -> str:
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", errors="replace") if isinstance(payload, bytes) else ""


def _attachments(message: EmailMessage, workspace: Path) -> list[Attachment]:
    found = []
    for number, part in enumerate(message.iter_attachments(), start=1):
        # Pictures inside the text of an HTML mail are decoration: logos, signatures, tracking dots.
        if part.get("Content-ID") and part.get_content_maintype() == "image":
            continue
        if content := _attachment_bytes(part):
            found.append(unpack(_attachment_name(part, number), content, workspace))
    return found


def _attachment_name(part: MIMEPart, number: int) -> str:
    name = part.get_filename()
    if name:
        return Path(name.replace("\\", "/")).name
    return f"attachment-{number}.eml" if part.get_content_type() == "message/rfc822" else f"attachment-{number}"


def _attachment_bytes(part: MIMEPart) -> bytes:
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload(0)
        return inner.as_bytes() if isinstance(inner, EmailMessage) else b""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
