"""Files that somebody made to do harm, from the upload to what is shown of them: through the real reader processes."""

import gzip
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import docx
import pytest
from openpyxl import Workbook
from PIL import Image

from app.domain import ItemStatus, Job
from app.services import Services
from app.settings import Settings, load_settings
from app.web.chat.picture_types import picture_type
from tests.app.web.signed_in import Browser
from tests.ingest.parse.packages import ODF, zipped
from tests.taking_in import wait_for

SECRET = "zebra-of-the-host-file"
SCRIPT = "<script>document.title='run'</script>"
Made = dict[str, bytes]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Limits that a bomb of a few kilobytes is beyond, and little patience."""
    limits = {"requests_per_minute": 1_000_000, "unpacked_mb": 8, "seconds": 60, "memory_mb": 700, "file_mb": 5}
    return load_settings({"data_dir": tmp_path / "data", "answer": {"abstain_below": 0.03}, "limits": limits})


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """What no document may make us read."""
    file = tmp_path / "host.txt"
    file.write_text(SECRET)
    return file


def add(admin: Browser, services: Services, files: Made) -> Job:
    """Upload in one request, to the end of the job."""
    sent = [("files", (name, content)) for name, content in files.items()]
    answer = admin.client.post("/api/v1/knowledge-bases/Hostile/documents", files=sent)
    assert answer.status_code == 202, answer.text
    return wait_for(services, str(answer.json()["id"]))


def texts(admin: Browser) -> dict[str, str]:
    """The text of each document, by its name."""
    found = admin.client.get("/api/v1/documents").json()
    return {each["name"]: admin.client.get(f"/api/v1/documents/{each['id']}/text").text for each in found}


def with_part(content: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """A package of XML with one part changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        members: dict[str, bytes | str] = {each: package.read(each) for each in package.namelist()}
    members[part] = change(bytes(members[part]).decode())  # type: ignore[arg-type]
    return zipped(members)


def word(text: str) -> bytes:
    document, stream = docx.Document(), io.BytesIO()
    document.add_paragraph(text)
    document.save(stream)
    return stream.getvalue()


def sheet(text: str) -> bytes:
    book, stream = Workbook(), io.BytesIO()
    page: Any = book.active
    page.append(["Item", "Price"])
    page.append([text, 3])
    book.save(stream)
    return stream.getvalue()


def declared(xml: str, doctype: str) -> str:
    """The XML with a document type before its first element."""
    bare = re.sub(r"^<\?xml[^>]*\?>\s*", "", xml)
    return f'<?xml version="1.0" encoding="UTF-8"?>{doctype}{bare}'


def write(name: str, doctype: str, body: str) -> bytes:
    """A file of this kind whose XML has the document type, and the body in its text."""
    match Path(name).suffix:
        case ".docx":
            return with_part(
                word("PLACE"), "word/document.xml", lambda x: declared(x, doctype).replace("PLACE", f"Seen. {body}")
            )
        case ".xlsx":
            part = "xl/worksheets/sheet1.xml"
            return with_part(sheet("PLACE"), part, lambda x: declared(x, doctype).replace("PLACE", f"Seen. {body}"))
        case ".odt":
            names = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
            names += 'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
            xml = f"<office:document-content {names}><office:body><office:text><text:p>Seen. {body}</text:p>"
            xml += "</office:text></office:body></office:document-content>"
            return zipped({"mimetype": f"{ODF}.text", "content.xml": declared(xml, doctype)})
        case ".svg":
            return declared(
                f'<svg xmlns="http://www.w3.org/2000/svg"><text>Seen. {body}</text></svg>', doctype
            ).encode()
        case ".rss":
            return declared(f"<rss><channel><title>Seen. {body}</title></channel></rss>", doctype).encode()
        case _:
            return declared(f"<html><body><p>Seen. {body}</p></body></html>", doctype).encode()


KINDS = ["a.docx", "a.xlsx", "a.odt", "a.svg", "a.rss", "a.html", "a.xml"]


def test_no_entity_brings_a_file_or_an_address_in(admin: Browser, services: Services, secret_file: Path) -> None:
    outside = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret_file.as_uri()}"><!ENTITY n SYSTEM "http://127.0.0.1:9/x">]>'
    job = add(admin, services, {name: write(name, outside, "&e;&n;") for name in KINDS})
    assert {item.status for item in job.items} <= {ItemStatus.INDEXED, ItemStatus.FAILED}
    found = texts(admin)
    assert {"a.html", "a.odt", "a.docx"} <= set(found)
    assert "Seen." in found["a.odt"]
    assert SECRET not in str(found) + str([item.error for item in job.items])
    page = admin.client.get("/admin/jobs/" + job.id).text
    assert SECRET not in page


def test_entities_that_grow_are_not_written_out(admin: Browser, services: Services) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    billion = f'<!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]>'
    quadratic = f'<!DOCTYPE x [<!ENTITY q "{"q" * 50_000}">]>'
    files = {f"billion-{name}": write(name, billion, "&l9;") for name in KINDS}
    files |= {f"quadratic-{name}": write(name, quadratic, "&q;" * 2_000) for name in KINDS}
    job = add(admin, services, files)
    assert {item.status for item in job.items} <= {ItemStatus.INDEXED, ItemStatus.FAILED}
    assert max([len(text) for text in texts(admin).values()], default=0) < 1_000_000
    assert admin.client.get("/readyz").status_code == 200


def png_of(width: int, height: int) -> bytes:
    """A picture that says to be this large, and is a kilobyte."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1 << 20), 9)) + chunk(b"IEND", b"")


def pdf_with_stream(packed: bytes) -> bytes:
    """A page whose content is what this unpacks to."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 5\n0000000000 65535 f \n%strailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(out),
    )


def test_bombs_cost_their_own_document_and_nothing_else(admin: Browser, services: Services) -> None:
    zeros, room = bytes(200 << 20), " " * (40 << 20)
    nested = zipped({"deep.txt": b"x"})
    for _ in range(6):
        nested = zipped({"inner.zip": nested})
    files = {
        "flat.zip": zipped({"zeros.txt": zeros[: 64 << 20]}),
        "packed.gz": gzip.compress(zeros[: 64 << 20]),
        "nested.zip": nested,
        "pixels.png": png_of(60_000, 60_000),
        "stream.pdf": pdf_with_stream(zlib.compress(zeros, 9)),
        "word.docx": with_part(word("x"), "word/document.xml", lambda x: x.replace("</w:body>", f"{room}</w:body>")),
        "good.md": b"# Good\n\nEvery parent receives 70 days of paid leave.\n",
    }  # fmt: skip
    assert max(map(len, files.values())) < 1 << 20
    job = add(admin, services, files)
    by_source = {item.source: item for item in job.items}
    assert by_source["good.md"].status is ItemStatus.INDEXED
    for name in ("flat.zip", "packed.gz", "pixels.png"):
        assert by_source[name].status is ItemStatus.FAILED, name
        assert by_source[name].error, name
    assert all(item.status in (ItemStatus.INDEXED, ItemStatus.FAILED) for item in job.items)
    assert not any("deep.txt" in name for name in texts(admin))
    assert admin.client.get("/readyz").status_code == 200


def test_nothing_in_an_archive_lands_outside_or_follows_a_link(
    admin: Browser, services: Services, secret_file: Path
) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        for name in ("../../../out.md", "/tmp/cloister-out.md", "..\\..\\back.md", "C:\\boot.md", "ok.md"):
            package.writestr(name, f"# {name}\n\nWords of {name}.")
        link = zipfile.ZipInfo("link.md")
        link.external_attr = (0o120777) << 16
        package.writestr(link, str(secret_file))
    add(admin, services, {"slip.zip": stream.getvalue()})
    assert SECRET not in str(texts(admin))
    outside = [Path("/tmp/cloister-out.md"), *services.settings.data_dir.parent.glob("**/out.md")]
    assert not any(each.exists() for each in outside)
    for name in texts(admin):
        assert not name.startswith(("/", "..")), name


NAMES = [
    "../../etc/passwd.md", "..\\..\\boot.md", "nul\x00byte.md", "bell\x07\x1b[31m.md", "CON.md", "aux",
    "evil\u202egpj.md", "x" * 300 + ".md", "=cmd|' /C calc'!A0.md",
    '"><script>alert(1)</script>.md', "a;b\r\nset-cookie: x=1.md",
]  # fmt: skip


def test_no_name_of_a_file_leads_anywhere_or_breaks_a_header_or_a_page(admin: Browser, services: Services) -> None:
    files = {name: f"# {n}\n\nWords of file {n}.".encode() for n, name in enumerate(NAMES)}
    job = add(admin, services, files)
    data_dir = services.settings.data_dir
    # In the file store a file's name is the hash of its content.
    stored = [each.name for each in (data_dir / "files").rglob("*") if each.is_file()]
    assert stored
    assert all(re.fullmatch(r"[0-9a-f]{64}", name) for name in stored)
    for each in admin.client.get("/api/v1/documents").json():
        assert each["name"].isprintable()
        assert not {"/", "\\"} & set(each["name"])
        answer = admin.client.get(f"/api/v1/documents/{each['id']}/file")
        assert answer.headers.get("set-cookie") is None
        said = unquote(answer.headers["content-disposition"])
        assert said.startswith("attachment")
        assert said.isprintable()
    for path in (f"/admin/jobs/{job.id}", "/admin/audit", "/admin/knowledge-bases"):
        assert "<script>alert" not in admin.get(path).text, path


def gif_script() -> bytes:
    stream = io.BytesIO()
    Image.new("P", (2, 2)).save(stream, "GIF")
    return stream.getvalue().replace(b"GIF87a", b"GIF89a/*", 1) + b"*/=1;alert(document.cookie)"


POLYGLOTS = {
    "script.gif": gif_script(),
    "page.pdf": b"<html><body>" + SCRIPT.encode() + b"</body></html>\n" + pdf_with_stream(zlib.compress(b"BT ET")),
    "header.pdf": b"<!--\n" + pdf_with_stream(zlib.compress(b"BT ET")) + b"-->" + SCRIPT.encode(),
    "both.pdf": pdf_with_stream(zlib.compress(b"BT ET")) + zipped({"a.md": "# Inside\n\nWords."}),
    "page.html": f"<html><body><h1>Title</h1>{SCRIPT}<p onclick=x()>Words of a page.</p></body></html>".encode(),
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>',
    "notes.md": f"# Notes\n\n{SCRIPT}\n\n<img src=x onerror=alert(1)> Words of notes.\n".encode(),
}


def test_no_file_of_two_kinds_runs_as_a_page(admin: Browser, services: Services) -> None:
    job = add(admin, services, POLYGLOTS)
    assert all(item.status in (ItemStatus.INDEXED, ItemStatus.FAILED) for item in job.items)
    kept = admin.client.get("/api/v1/documents").json()
    assert {"page.html", "notes.md"} <= {each["name"] for each in kept}
    for each in kept:
        answer = admin.client.get(f"/api/v1/documents/{each['id']}/file")
        shown, kind = answer.headers["content-disposition"], answer.headers["content-type"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("sandbox;")
        # Shown in the browser are only PDFs and pictures of dots; never SVG or HTML.
        assert shown.startswith("attachment") or kind in ("application/pdf", "image/gif"), (each["name"], kind)


def test_the_html_of_a_document_is_text_in_every_page_that_shows_it(admin: Browser, services: Services) -> None:
    add(admin, services, {name: POLYGLOTS[name] for name in ("page.html", "notes.md")})
    for each in admin.client.get("/api/v1/documents").json():
        base = admin.client.get("/api/v1/knowledge-bases").json()
        assert base
        for path in (f"/admin/documents/{each['id']}", f"/admin/documents/{each['id']}/chunks"):
            page = admin.get(path)
            if page.status_code == 404:
                continue
            assert SCRIPT not in page.text, path
            assert "onerror=alert" not in re.sub(r"&lt;.*?&gt;", "", page.text), path
            assert page.headers["content-security-policy"].startswith("default-src 'none'; ")
            assert "unsafe" not in page.headers["content-security-policy"]
        text = admin.client.get(f"/api/v1/documents/{each['id']}/text")
        assert text.headers["content-type"].startswith("text/plain")


def test_a_picture_for_a_question_is_made_of_dots() -> None:
    assert picture_type(POLYGLOTS["drawing.svg"]) is None
    assert picture_type(POLYGLOTS["script.gif"]) is None
    assert picture_type(POLYGLOTS["page.html"]) is None
