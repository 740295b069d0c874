from app.answer.relevance import is_relevant
from app.settings import RetrieveSettings
from tests.app.answer.passages import passage

LIMITS = RetrieveSettings(passages=6, min_similarity=0.4, min_word_share=0.6)


def test_a_passage_close_in_meaning_is_enough() -> None:
    assert is_relevant("holiday?", [passage("Annual leave is 30 days.", similarity=0.45)], LIMITS)


def test_a_passage_that_shares_most_words_is_enough() -> None:
    assert is_relevant("What does error E21 mean?", [passage("Error E21: flap blocked.", similarity=0.1)], LIMITS)


def test_neither_is_not_enough_and_nothing_found_is_not_relevant() -> None:
    assert not is_relevant("Who won the cup?", [passage("Leave is 30 days.", similarity=0.2)], LIMITS)
    assert not is_relevant("Who won the cup?", [], LIMITS)


def test_a_code_that_no_passage_holds_makes_it_a_question_about_something_else() -> None:
    codes = passage("Error codes: E21 flap blocked, ISO 9001.", similarity=0.9)
    assert is_relevant("What does E-21 mean under ISO9001?", [codes], LIMITS)
    assert not is_relevant("What does E33 mean?", [codes], LIMITS)
