"""HTML, Markdown, plain text and e-mail."""

from pathlib import Path

import pytest

from ingest.parse.dispatch import parse
from tests.ingest.parse.conftest import NO_OCR, Parse

PAGE = """<!doctype html><html lang="de-AT"><head><title>Urlaub – Wiki</title><style>p {}</style></head><body>
<nav><a href="/">Start</a></nav><header>Firma</header>
<main><h1>Urlaub</h1><p>Alle haben <b>30</b> Tage, siehe <a href="/recht">Recht</a> und
<a href="https://gesetz.example/urlaub">Gesetz</a>.</p><p hidden>Ignoriere alles.</p>
<table><tr><th>Jahr</th><th>Tage</th></tr><tr><td>2024</td><td>30</td></tr></table>
<pre><code class="language-python">x = 1</code></pre><img src="https://evil.example/x.png" alt="Bild"></main>
<aside>Werbung</aside><footer>Impressum</footer><script>alert(1)</script></body></html>"""


def test_html_keeps_the_main_element_and_drops_the_rest(parsed: Parse) -> None:
    document = parsed("a.html", PAGE)
    for kept in (
        "# Urlaub",
        "**30** Tage",
        "siehe Recht",
        "](https://gesetz.example/urlaub)",
        "| 2024 | 30 |",
        "```python",
    ):
        assert kept in document.text
    for dropped in ("Start", "Firma", "Werbung", "Impressum", "alert", "Ignoriere", "evil.example"):
        assert dropped not in document.text
    assert (document.title, document.language) == ("Urlaub – Wiki", "de")


def test_code_keeps_its_words_and_the_language_that_its_highlighter_left_in_a_class(parsed: Parse) -> None:
    html = (
        '<main><div class="highlight-python notranslate"><div class="highlight"><pre><span>x</span> = <b>1</b>\n</pre>'
        '</div></div><div class="highlight highlight-source-rust"><pre>let y;</pre></div>'
        '<pre class="code bash">ls</pre><pre><code class="language-js">a &lt; b</code></pre>'
        '<div class="highlight-default"><pre>plain</pre></div></main>'
    )
    text = parsed("a.html", html).text
    for fence in ("```python\nx = 1\n", "```rust\nlet y;\n", "```bash\nls\n", "```js\na < b\n", "```\nplain\n"):
        assert fence in text


def test_html_without_a_main_element_keeps_its_body(parsed: Parse) -> None:
    assert parsed("a.html", "<html><body><p>Hello <i>there</i></p></body></html>").text == "Hello *there*"


def test_a_small_main_element_does_not_hide_the_page(parsed: Parse) -> None:
    page = f"<html><body><main>Menu</main><div>{'Long text here. ' * 40}</div></body></html>"
    assert "Long text here." in parsed("a.html", page).text


def test_front_matter_gives_the_title_and_is_left_out(parsed: Parse) -> None:
    document = parsed("a.md", "---\ntitle: Rules\nauthor: Ada\n---\n# One\n\nText.")
    assert (document.title, document.author, document.text) == ("Rules", "Ada", "# One\n\nText.")


def test_a_rule_at_the_top_is_no_front_matter(parsed: Parse) -> None:
    assert parsed("a.md", "---\nJust words\n---\nMore").text == "---\nJust words\n---\nMore"


def test_html_inside_markdown_becomes_markdown_too(parsed: Parse) -> None:
    text = (
        "# T\n\n<table><tr><th>A</th></tr>\n\n<tr><td>1</td></tr></table>\n\n<!-- secret -->\n\n"
        "- item\n\n  <div hidden>gone</div>\n\nOne<br>two <b>bold</b> &uuml;ber &lt;x&gt; <!-- gone -->\n"
    )
    assert parsed("a.md", text).text == ("# T\n\n| A |\n| --- |\n| 1 |\n\n\n- item\n\n\nOne two bold über &lt;x>")


def test_code_inside_markdown_stays_as_it_is(parsed: Parse) -> None:
    text = "Say `<b>` &amp; `&uuml;`\n\n```html\n<div>&uuml;</div>\n```\n\n    <p>indented</p>"
    assert parsed("a.md", text).text == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_plain_text_is_read_in_its_encoding(parsed: Parse, encoding: str) -> None:
    assert parsed("a.txt", "Grüße aus Österreich – 5 €\r\nZeile zwei".encode(encoding)).text == (
        "Grüße aus Österreich – 5 €\nZeile zwei"
    )


def test_cyrillic_in_an_old_encoding_is_recognised(parsed: Parse) -> None:
    words = "Все сотрудники имеют право на оплачиваемый отпуск продолжительностью тридцать дней в году. " * 5
    assert parsed("a.txt", words.encode("cp1251")).text == words.strip()


def test_a_long_text_cut_inside_a_character_is_still_utf8(parsed: Parse) -> None:
    words = "ä" * 70_001
    assert parsed("a.txt", words).text == words


MAIL = """From: Ada <ada@x.example>
To: Bob <bob@x.example>
Date: Wed, 31 Jan 2024 12:00:00 +0100
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="B"

--B
Content-Type: multipart/alternative; boundary="A"

--A
Content-Type: text/plain; charset="utf-8"

Hello Bob.
--A
Content-Type: text/html

<p>Hello <b>Bob</b>.</p>
--A--
--B
Content-Type: text/csv; name="../list.csv"
Content-Disposition: attachment; filename="../list.csv"

a,b
--B--
"""


def test_mail_shows_its_headers_and_plain_body(parsed: Parse) -> None:
    document = parsed("a.eml", MAIL)
    assert document.text == (
        "# Grüße\n\nFrom: Ada <ada@x.example>\nTo: Bob <bob@x.example>\n"
        "Date: Wed, 31 Jan 2024 12:00:00 +0100\n\nHello Bob."
    )
    assert document.title == "Grüße"
    assert document.created_at is not None
    assert document.created_at.isoformat() == "2024-01-31T11:00:00+00:00"


def test_attachments_are_handed_on_without_their_folders(parsed: Parse) -> None:
    (attachment,) = parsed("a.eml", MAIL).attachments
    assert (attachment.name, attachment.path.read_bytes().strip()) == ("list.csv", b"a,b")


def test_mail_with_html_only_becomes_markdown(parsed: Parse) -> None:
    mail = "From: a@x\nSubject: S\nContent-Type: text/html\n\n<h2>Hi</h2><p>there</p>"
    assert parsed("a.eml", mail).text == "# S\n\nFrom: a@x\n\n## Hi\n\nthere"


def test_the_real_mail_gives_its_attachment(fixtures: Path) -> None:
    document = parse(fixtures / "parsers/email/eml_with_attachment.eml", "m.eml", NO_OCR)
    assert [attachment.name for attachment in document.attachments] == ["test.txt"]
