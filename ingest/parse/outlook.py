"""Outlook messages (.msg), turned into the e-mails that they are and read as such."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

from compressed_rtf import decompress  # type: ignore[import-untyped]
from oxmsg import Message
from oxmsg.attachment import Attachment as OutlookAttachment
from oxmsg.recipient import Recipient
from oxmsg.storage import Storage, Stream

from app.domain import ParsedDocument
from ingest.parse.email import message_document
from ingest.parse.media_type import MediaType
from ingest.parse.ooxml import reading
from ingest.parse.rtf import plain_text

PROPERTIES: Final = "__properties_version1.0"
# A message that is attached to another one, as [MS-OXMSG] 2.2.2.1 names it.
ATTACHED_MESSAGE: Final = "__substg1.0_3701000D"
SHORT_NAME, CONTENT_ID, RTF_BODY, HTML_BODY, RECIPIENT_TYPE = 0x3704, 0x3712, 0x1009, 0x1013, 0x0C15
DEEPEST_MESSAGE: Final = 20


def parse_outlook(path: Path, name: str, workspace: Path) -> ParsedDocument:
    """Subject, sender, recipients, date and body; attachments wait to be parsed themselves, messages among them."""
    with reading(name, "Outlook message"):
        message = _mail(Message.load(path.read_bytes()), 0)
        return replace(message_document(message, workspace), media_type=MediaType.MSG)


def _mail(outlook: Message, depth: int) -> EmailMessage:
    mail = EmailMessage()
    for header, value in _headers(outlook):
        # Addresses that break the rules raise when they are set; the header is then left out.
        with suppress(ValueError, LookupError, AttributeError, TypeError):
            if words := " ".join(value.split()):
                mail[header] = words
    html = _html(outlook)
    if body := outlook.body or _rtf_body(outlook, html):
        mail.set_content(body)
    elif html:
        mail.set_content(html, subtype="html")
    if depth < DEEPEST_MESSAGE:
        for attachment in outlook._storage.iter_attachment_storages():
            _attach(mail, attachment, html, depth)
    return mail


def _headers(outlook: Message) -> Iterator[tuple[str, str]]:
    yield "Subject", outlook.subject
    yield "From", outlook.sender or ""
    for kind, header in ((1, "To"), (2, "Cc")):
        named = [_address(one) for one in outlook.recipients if one.properties.int_prop_value(RECIPIENT_TYPE) == kind]
        yield header, ", ".join(named)
    if outlook.sent_date:
        yield "Date", format_datetime(outlook.sent_date)


def _address(recipient: Recipient) -> str:
    name, address = recipient.name.replace('"', ""), recipient.email_address
    return f'"{name}" <{address}>' if name and name != address else address


def _html(outlook: Message) -> str:
    raw = outlook.properties.binary_prop_value(HTML_BODY)
    try:
        # The message may state no code page, and oxmsg then takes an old one.
        return raw.decode("utf-8") if raw else outlook.html_body or ""
    except UnicodeDecodeError:
        return _in_stated_encoding(outlook)


def _in_stated_encoding(outlook: Message) -> str:
    try:
        return outlook.html_body or ""
    except (UnicodeError, LookupError):
        return ""


def _rtf_body(outlook: Message, html: str) -> str:
    """Some messages have their words in compressed rich text alone."""
    compressed = outlook.properties.binary_prop_value(RTF_BODY)
    if not compressed or html:
        return ""
    try:
        rtf = decompress(compressed)
    except Exception:  # noqa: BLE001 - the library raises nothing more precise
        return ""
    return plain_text(rtf.decode("cp1252", "replace"))


def _attach(mail: EmailMessage, storage: Any, html: str, depth: int) -> None:
    inner = next((one for one in storage.storages if one.name == ATTACHED_MESSAGE), None)
    if inner is not None:
        message = _mail(Message(_with_long_header(inner)), depth + 1)
        subject = str(message["Subject"] or "message").replace("/", "-")
        mail.add_attachment(message, filename=f"{subject}.eml")
        return
    attachment = OutlookAttachment(storage)
    if not attachment.file_bytes:
        return  # a link to a file elsewhere
    name = attachment.file_name or attachment.properties.str_prop_value(SHORT_NAME)
    content_id = attachment.properties.str_prop_value(CONTENT_ID)
    is_inline = bool(content_id) and f"cid:{content_id}" in html
    mail.add_attachment(
        attachment.file_bytes,
        maintype="image" if (attachment.mime_type or "").startswith("image/") else "application",
        subtype="octet-stream",
        filename=name,
        cid=f"<{content_id}>" if is_inline else None,
    )


def _with_long_header(storage: Storage) -> Storage:
    """An attached message's properties begin after 24 bytes instead of 32; oxmsg reads the latter only."""
    streams = tuple(
        Stream(stream.path, stream.bytes_[:24] + bytes(8) + stream.bytes_[24:]) if stream.name == PROPERTIES else stream
        for stream in storage.streams
    )
    return replace(storage, streams=streams)
