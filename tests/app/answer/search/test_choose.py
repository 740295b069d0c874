from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.answer.search.choose import Group, choose
from app.db.passages import Candidate
from tests.app.answer.passages import passage


def candidate(
    ordinal: int, score: float, *, document: str = "a.md", text: str = "", headings: tuple[str, ...] = ()
) -> Candidate:
    words = text or f"Text {document} {ordinal} says what no other says."
    found = passage(words, document=document, start=ordinal * 1000, headings=headings)
    return Candidate(replace(found, score=score, chunk_id=f"{document}-{ordinal}"), ordinal, f"text-of-{document}")


def chosen(*candidates: Candidate, k: int = 5, document_cost: float = 0.05, most_chunks: int = 2) -> list[list[str]]:
    ranked = sorted(candidates, key=lambda each: -each.passage.score)
    groups = choose(ranked, k=k, document_cost=document_cost, most_chunks=most_chunks)
    return [[each.passage.chunk_id for each in group.chunks] for group in groups]


def test_a_chunk_that_touches_a_chosen_one_joins_it_and_takes_no_place() -> None:
    found = chosen(candidate(3, 0.9), candidate(4, 0.8), candidate(9, 0.7), candidate(20, 0.6), k=3)
    assert found == [["a.md-3", "a.md-4"], ["a.md-9"], ["a.md-20"]]


def test_no_passage_grows_beyond_its_most_chunks() -> None:
    neighbours = [candidate(n, 1 - n / 10) for n in range(4)]
    assert chosen(*neighbours, most_chunks=3, document_cost=0)[0] == ["a.md-0", "a.md-1", "a.md-2"]
    assert chosen(*neighbours, most_chunks=1, document_cost=0) == [[f"a.md-{n}"] for n in range(4)]


def test_neighbours_below_different_headings_stay_apart() -> None:
    leave, cars = candidate(0, 0.9, headings=("Leave",)), candidate(1, 0.8, headings=("Cars",))
    assert chosen(leave, cars) == [["a.md-0"], ["a.md-1"]]


def test_neighbouring_numbers_in_different_documents_do_not_touch() -> None:
    assert len(chosen(candidate(0, 0.9), candidate(1, 0.8, document="b.md"))) == 2


def test_a_document_pays_for_every_further_passage() -> None:
    mine = [candidate(n * 5, 0.9 - n / 100) for n in range(3)]
    other = candidate(0, 0.86, document="b.md")
    assert chosen(*mine, other, document_cost=0.05)[:2] == [["a.md-0"], ["b.md-0"]]
    assert chosen(*mine, other, document_cost=0)[3] == ["b.md-0"]


def test_nearly_the_same_text_of_another_document_is_folded_and_its_document_is_named() -> None:
    text = (
        " ".join(f"word{n}" for n in "abcdefghijklmnopqrstuvwxyz") + " and so on for many more words of the same notice"
    )
    groups = choose(
        [
            candidate(0, 0.9, text=text),
            candidate(7, 0.8, document="copy.md", text=text.upper() + "!"),
            candidate(0, 0.3, document="other.md"),
        ],
        k=2,
        document_cost=0,
        most_chunks=2,
    )
    said = [(group.best.passage.document, group.also_in) for group in groups]
    assert said == [("a.md", ["copy.md"]), ("other.md", [])]


def test_a_copy_comes_after_all_others_where_there_is_room() -> None:
    text = "This notice applies to all employees of the company and to all visitors of its premises."
    mine, copy = candidate(0, 0.9, text=text), candidate(0, 0.8, document="copy.md", text=text)
    assert chosen(mine, copy, candidate(5, 0.1)) == [["a.md-0"], ["a.md-5"], ["copy.md-0"]]


def test_what_a_document_says_twice_stands_at_two_places() -> None:
    text = "This notice applies to all employees of the company and to all visitors of its premises."
    assert chosen(candidate(0, 0.9, text=text), candidate(7, 0.8, text=text)) == [["a.md-0"], ["a.md-7"]]


def test_texts_that_differ_in_a_figure_are_both_shown() -> None:
    text = "The annual fee for a parking place in the inner yard is {} euros and is paid in January."
    assert (
        len(chosen(candidate(0, 0.9, text=text.format(40)), candidate(0, 0.8, document="b.md", text=text.format(45))))
        == 2
    )


PLACES = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9), st.floats(0, 1)), unique_by=lambda p: p[:2])


@given(places=PLACES, k=st.integers(1, 6), cost=st.floats(0, 1), most=st.integers(1, 4))
def test_passages_are_runs_of_neighbours_and_no_chunk_is_in_two(
    places: list[tuple[str, int, float]], k: int, cost: float, most: int
) -> None:
    ranked = sorted((candidate(n, score, document=d) for d, n, score in places), key=lambda each: -each.passage.score)
    groups = choose(ranked, k=k, document_cost=cost, most_chunks=most)
    assert len(groups) <= k
    if ranked:
        assert groups[0].best is ranked[0]
    used = [each.passage.chunk_id for group in groups for each in group.chunks]
    assert len(used) == len(set(used))
    for group in groups:
        assert is_run(group)
        assert len(group.chunks) <= most


def is_run(group: Group) -> bool:
    ordinals = sorted(each.ordinal for each in group.chunks)
    documents = {each.passage.document for each in group.chunks}
    return len(documents) == 1 and ordinals == list(range(ordinals[0], ordinals[0] + len(ordinals)))
