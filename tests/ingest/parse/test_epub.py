"""EPUB books."""

from collections.abc import Mapping

import pytest

from app.errors import UnreadableDocument
from tests.ingest.parse.conftest import Parse
from tests.ingest.parse.packages import zipped

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
)
BOOK = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>
<dc:title>The Sea</dc:title><dc:creator>Ada Lovelace</dc:creator>
<dc:language>en-GB</dc:language><dc:date>1843-07</dc:date>
</metadata><manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="two" href="text/ch%202.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="text/ch1.xhtml" media-type="application/xhtml+xml"/>
<item id="css" href="a.css" media-type="text/css"/>
</manifest><spine><itemref idref="nav"/><itemref idref="one"/>
<itemref idref="two"/><itemref idref="css"/></spine></package>"""


def page(body: str) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?><html><head><title/></head><body><a id="x"/>{body}</body></html>'


def book(more: Mapping[str, str] | None = None) -> bytes:
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "OEBPS/book.opf": BOOK,
            "OEBPS/nav.xhtml": "<html><body><nav>Contents</nav></body></html>",
            "OEBPS/text/ch 2.xhtml": page("<h1>Two</h1><table><tr><th>A</th></tr><tr><td>1</td></tr></table>"),
            "OEBPS/text/ch1.xhtml": page("<h1>One</h1><p>Größe.</p><script>x</script>"),
            **(more or {}),
        }
    )


def test_chapters_come_in_the_order_of_the_spine(parsed: Parse) -> None:
    document = parsed("a.epub", book())
    assert document.text == "# One\n\nGröße.\n\n# Two\n\n| A |\n| --- |\n| 1 |"
    assert (document.title, document.author, document.language) == ("The Sea", "Ada Lovelace", "en")
    assert document.created_at is not None
    assert document.created_at.isoformat() == "1843-07-01T00:00:00+00:00"


def test_a_chapter_that_is_missing_is_reported(parsed: Parse) -> None:
    more = {"OEBPS/book.opf": BOOK.replace("ch1.xhtml", "gone.xhtml")}
    document = parsed("a.epub", book(more))
    assert document.text.startswith("# Two")
    assert document.warnings == ("1 chapters are missing from the file.",)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"META-INF/container.xml": "<container/>"}, "does not say where its book begins"),
        ({"META-INF/container.xml": "<broken"}, "is no readable EPUB book; open it"),
        ({"META-INF/encryption.xml": "<x/>", "META-INF/rights.xml": "<x/>"}, "is protected"),
    ],
)
def test_damage_and_protection_are_told_in_a_sentence(parsed: Parse, more: dict[str, str], sentence: str) -> None:
    with pytest.raises(UnreadableDocument, match=sentence):
        parsed("a.epub", book(more))
