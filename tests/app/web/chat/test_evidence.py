"""What a chip opens beside the answer."""

import pytest
from chainlit.context import init_http_context

from app.domain import Citation, Passage
from app.web.chat.evidence import build_elements
from app.web.chat.words import ENGLISH, GERMAN, Words

TEXT = "First page ends here. The second begins."


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def passage(media_type: str = "application/pdf", page: int | None = 3, text: str = TEXT, header: str = "") -> Passage:
    """A passage at the end of page 3 and the beginning of page 4."""
    return Passage(
        rank=1,
        score=1.0,
        similarity=0.5,
        chunk_id="c",
        document_id="d1",
        document="hand_book.pdf",
        media_type=media_type,
        language="en",
        title="",
        headings=("Leave",),
        page=page,
        last_page=page and page + 1,
        start=100,
        end=100 + len(text),
        text=text,
        table_header=header,
        page_breaks=((4, 122),) if page else (),
    )


def citation(quote: str) -> Citation:
    start = 100 + TEXT.index(quote)
    return Citation(1, "d1", "hand_book.pdf", 3, start, start + len(quote), quote, verified=True)


async def shown(passage: Passage, *citations: Citation, words: Words = ENGLISH) -> str:
    init_http_context()
    (element,) = build_elements([passage], words, citations)
    assert (element.name, element.display) == ("[1]", "side")
    return str(element.content)


@pytest.mark.anyio
async def test_a_citation_opens_its_page_with_its_quote_marked() -> None:
    assert await shown(passage(), citation("ends here"), citation("First")) == (
        "[Open the whole file](/api/v1/documents/d1/file#page=3)\n\n"
        "[![hand\\_book.pdf, page 3, as a picture; highlighted: “ends here”]"
        "(/api/v1/documents/d1/pages/3.png?start=111&end=120)](/api/v1/documents/d1/file#page=3)"
    )


@pytest.mark.anyio
async def test_a_quote_that_runs_over_the_end_of_a_page_opens_both() -> None:
    text = await shown(passage(), citation("here. The"), words=GERMAN)
    assert text.index("**Seite 3**") < text.index("3.png?start=116&end=125")
    assert text.index("**Seite 4**") < text.index("4.png?start=116&end=125")


@pytest.mark.anyio
async def test_a_passage_without_a_citation_is_marked_as_a_whole() -> None:
    assert "3.png?start=100&end=140" in await shown(passage())


@pytest.mark.anyio
async def test_a_picture_is_shown_and_opened_without_a_page() -> None:
    text = await shown(passage("image/png", page=1), citation("First"))
    assert "pages/1.png?start=100&end=105" in text
    assert "#page" not in text


@pytest.mark.anyio
async def test_what_has_no_pages_is_shown_as_text() -> None:
    assert await shown(passage("text/markdown", page=None)) == f"**Leave**\n\n>\n> {TEXT}"


@pytest.mark.anyio
async def test_rows_of_a_table_stand_below_its_header() -> None:
    rows = passage(
        "text/csv", page=None, text="| Ada | 70 \\| 71 |\n| Ben | 9 |", header="| Name | Days |\n| --- | --: |"
    )
    assert (await shown(rows)).split("\n")[3:] == [
        "> | Name | Days |",
        "> | --- | --- |",
        "> | Ada | 70 \\| 71 |",
        "> | Ben | 9 |",
    ]


@pytest.mark.anyio
async def test_a_citation_of_no_passage_opens_its_quote_and_its_file() -> None:
    init_http_context()
    (element,) = build_elements([], ENGLISH, [citation("ends here")])
    assert element.content == "[Open the whole file](/api/v1/documents/d1/file)\n\n> ends here"
    assert element.document_id == "d1"
