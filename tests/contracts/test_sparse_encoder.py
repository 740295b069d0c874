"""The sparse encoder's contract: what finds what, and how weights behave."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import SparseVector
from app.engines.sparse import Bm25Encoder
from app.ports import SparseEncoder
from app.settings import load_settings

EMPTY = SparseVector((), ())


@pytest.fixture(scope="module", params=["bm25"])
def encoder() -> SparseEncoder:
    return Bm25Encoder(load_settings().sparse)


def score(encoder: SparseEncoder, question: str, text: str, language: str = "en") -> float:
    """The dot product that the index computes, without inverse document frequency."""
    document = encoder.encode_document(text, language)
    weight_by_term = dict(zip(document.indices, document.values, strict=True))
    query = encoder.encode_query(question, [language])
    return sum(w * weight_by_term.get(t, 0.0) for t, w in zip(query.indices, query.values, strict=True))


@pytest.mark.parametrize(
    ("question", "text", "language"),
    [
        ("E-104", "error E-104 on the display", "en"),
        ("E104", "error E-104 on the display", "en"),
        ("e–104", "error E-104 on the display", "en"),  # an en dash
        ("104", "error E-104 on the display", "en"),
        ("ISO 9001", "certified by ISO-9001", "en"),
        ("3.5 mm", "a 3.5mm jack", "en"),
        ("3.5mm", "a jack of 3.5 mm, gilded", "en"),
        ("§12", "nach § 12 der Satzung", "de"),
        ("§ 12", "nach §12 der Satzung", "de"),
        ("2500", "a total of 2,500 units", "en"),
        ("1000000", "insgesamt 1.000.000 Euro", "de"),
        ("email", "send an e-mail", "en"),
        ("max_retries", "set MAX_RETRIES to three", "en"),
        ("retries", "set MAX_RETRIES to three", "en"),
        ("dont", "we don’t", "en"),
        ("Straße", "in der STRASSE", "de"),
        ("filing", "two files were ﬁled", "en"),  # a ligature
        ("Häuser", "ein Haus", "de"),
        ("chevaux noirs", "les chevaux noires", "fr"),
        ("東京", "東京都の人口", "ja"),
        ("人口", "東京都の人口", "ja"),
        ("हिन्दी", "यह हिन्दी है।", "hi"),
        ("café", "cafe\u0301 au lait", "fr"),  # an accent of its own
        ("user@example.org", "write to user@example.org.", "en"),
    ],
)
def test_a_question_finds_other_spellings_of_its_words(
    encoder: SparseEncoder, question: str, text: str, language: str
) -> None:
    assert score(encoder, question, text, language) > 0


@pytest.mark.parametrize(("question", "text"), [("35", "costs 3.5 euros"), ("E-105", "X-104"), ("north", "south")])
def test_a_question_does_not_find_what_only_looks_alike(encoder: SparseEncoder, question: str, text: str) -> None:
    assert score(encoder, question, text) == 0


def test_the_whole_compound_outweighs_its_parts(encoder: SparseEncoder) -> None:
    assert score(encoder, "E-104", "code E-104 seen") > score(encoder, "E-104", "code E 104 seen")


def test_more_occurrences_weigh_more_but_ever_less_so(encoder: SparseEncoder) -> None:
    filler = " ".join(f"word{n}" for n in range(20))
    once, twice, thrice = (score(encoder, "pump", "pump " * n + filler) for n in (1, 2, 3))
    assert once < twice < thrice
    assert thrice - twice < twice - once


def test_a_word_weighs_less_in_a_longer_text(encoder: SparseEncoder) -> None:
    assert score(encoder, "pump", "the pump") > score(encoder, "pump", "the pump " + "and more " * 50)


def test_a_question_carries_the_stems_of_all_languages_with_weight_one(encoder: SparseEncoder) -> None:
    english, german = (set(encoder.encode_query("houses Häuser", [language]).indices) for language in ("en", "de"))
    both = encoder.encode_query("houses Häuser", ["en", "de"])
    assert set(both.indices) == english | german
    assert set(both.values) == {1.0}


def test_without_a_language_words_are_matched_as_they_stand(encoder: SparseEncoder) -> None:
    document = encoder.encode_document("two pumps", "")
    assert set(encoder.encode_query("pumps", []).indices) <= set(document.indices)
    assert not set(encoder.encode_query("pump", [""]).indices) & set(document.indices)


def test_a_language_without_a_stemmer_is_matched_as_it_stands(encoder: SparseEncoder) -> None:
    assert encoder.encode_document("two pumps", "vi") == encoder.encode_document("two pumps", "")


def test_text_without_words_gives_an_empty_vector(encoder: SparseEncoder) -> None:
    assert encoder.encode_document(" … !? \n", "en") == EMPTY
    assert encoder.encode_query("", ["en", "de"]) == EMPTY


def test_ids_are_the_same_in_every_run_and_on_every_machine(encoder: SparseEncoder) -> None:
    assert encoder.encode_query("pump", ["en"]) == SparseVector((2_551_689_709,), (1.0,))


def test_the_model_id_names_what_the_weights_depend_on() -> None:
    usual = load_settings().sparse
    other = load_settings({"sparse": {"average_words": 99}}).sparse
    assert Bm25Encoder(usual).model_id == Bm25Encoder(usual).model_id != Bm25Encoder(other).model_id


def test_threads_may_stem_at_once(encoder: SparseEncoder) -> None:
    texts = [f"{'running ' * n} houses flying {n} wording{'s' * n}" for n in range(1, 200)]
    expected = [Bm25Encoder(load_settings().sparse).encode_document(text, "en") for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda text: encoder.encode_document(text, "en"), texts)) == expected


@given(st.text())
def test_any_text_gives_unique_32_bit_ids_and_positive_weights(text: str) -> None:
    encoder = Bm25Encoder(load_settings().sparse)
    for vector in (encoder.encode_document(text, "de"), encoder.encode_query(text, ["de", "en"])):
        assert len(set(vector.indices)) == len(vector.indices) == len(vector.values)
        assert all(0 <= i < 2**32 for i in vector.indices)
        assert all(value > 0 for value in vector.values)


@given(st.text(st.characters(categories=["L", "N", "Zs", "Pd", "Po"])))
def test_every_word_of_a_text_finds_it(text: str) -> None:
    encoder = Bm25Encoder(load_settings().sparse)
    for word in text.split():
        if any(character.isalnum() for character in word):
            assert score(encoder, word, text) > 0
