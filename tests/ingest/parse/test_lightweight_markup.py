"""AsciiDoc and reStructuredText become Markdown; neither reads another file."""

from pathlib import Path

import pytest

from ingest.parse.dispatch import parse
from tests.ingest.parse.conftest import NO_OCR, Parse

ADOC = """= Handbook
Ada Lovelace <ada@x.example>
v1.2, 2024-01-31
:lang: de
:product: Cloister

// a comment
include::/etc/passwd[]

== Leave

Thirty days in {product}, see https://x.example/law[the law] and <<rules,our rules>>.

* Ask
** Early
on paper
. Sign
. Go
+
image::x.png[Picture]

. Return

Term:: Its meaning

[source,python]
----
x = "<1>"
== no heading
----

.Rooms
[cols="1,2*"]
|===
|Room |Seats
|Floor

2+|A |1
|===

////
hidden
////
NOTE: Take care.
"""


def test_asciidoc_becomes_markdown(parsed: Parse) -> None:
    document = parsed("a.adoc", ADOC)
    assert document.text == (
        "# Handbook\n\n## Leave\n\nThirty days in Cloister, see [the law](https://x.example/law) and our rules.\n\n"
        "- Ask\n  - Early on paper\n1. Sign\n2. Go\n3. Return\n- Term: Its meaning\n\n"
        '```python\nx = "<1>"\n== no heading\n```\n\nRooms\n\n'
        "| Room | Seats | Floor |\n| --- | --- | --- |\n| A |  | 1 |\n\nNOTE: Take care."
    )
    assert (document.title, document.author, document.language) == ("Handbook", "Ada Lovelace", "de")
    assert document.created_at is not None
    assert document.created_at.date().isoformat() == "2024-01-31"


def test_a_block_that_is_never_closed_ends_with_the_document(parsed: Parse) -> None:
    assert parsed("a.asciidoc", "= T\n\n----\ncode").text == "# T\n\n```\ncode\n```"


def test_a_table_in_asciidoc_may_hold_comma_separated_values(parsed: Parse) -> None:
    assert parsed("a.adoc", ',===\nA,"B, C"\n1,2\n,===\n').text == "| A | B, C |\n| --- | --- |\n| 1 | 2 |"


RST = """Handbook
========

:Author: Ada
:Date: 2024-01-31

Leave
-----

Thirty days, see `the law <https://x.example/law>`_ and :ref:`our rules <rules>` and ``code``.

- Ask
- Sign

.. code-block:: python

   x = 1

.. versionadded:: 3.2
   With half days.

.. include:: /etc/passwd

.. csv-table:: Users
   :file: /etc/passwd

.. raw:: html

   <script>evil</script>

=====  =====
Room   Seats
=====  =====
A      12
=====  =====
"""


def test_restructuredtext_becomes_markdown(parsed: Parse) -> None:
    document = parsed("a.rst", RST)
    for kept in (
        "# Handbook",
        "## Leave",
        "see [the law](https://x.example/law) and our rules and `code`.",
        "- Ask\n- Sign",
        "```python\nx = 1\n```",
        "With half days.",
        "| Room | Seats |\n| --- | --- |\n| A | 12 |",
    ):
        assert kept in document.text
    for dropped in ("root:", "evil", "system-message"):
        assert dropped not in document.text
    assert (document.title, document.author) == ("Handbook", "Ada")
    assert document.created_at is not None
    assert document.created_at.date().isoformat() == "2024-01-31"


@pytest.mark.parametrize("text", ["Title\n==\n\n`broken", "+--+\n|x\n", ".. x::\n\n   y", "* a\n** b\n   * c", "|x"])
def test_broken_restructuredtext_keeps_its_words(parsed: Parse, text: str) -> None:
    assert parsed("a.rst", text).text


def test_a_real_asciidoc_file_keeps_its_tables(fixtures: Path) -> None:
    path = fixtures / "parsers/asciidoc/asciidoc_04.asciidoc"
    assert "| Field | Description |\n| --- | --- |\n| a | First column value |" in parse(path, path.name, NO_OCR).text
