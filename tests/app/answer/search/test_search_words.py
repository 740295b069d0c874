import pytest

from app.answer.search.search_words import search_words


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How many days of parental leave do I get?", "days parental leave"),
        ("Wie viele Tage Elternzeit stehen mir zu?", "Tage Elternzeit stehen"),
        ("Quel est le délai de livraison ?", "délai livraison ?"),
        ("What does the WHO say about May 2023?", "WHO say May 2023?"),
        ("Who are The Who?", "The Who?"),
        ("parental leave", "parental leave"),
        ("Who is it?", "Who is it?"),
    ],
)
def test_function_words_go_and_names_and_things_stay(question: str, words: str) -> None:
    assert search_words(question) == words
