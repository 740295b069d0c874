"""A few dozen damaged files through the sandbox; `python -m bench mutants` has hundreds, and odd PDFs beside them."""

import pytest

from bench.mutants import FIXTURES, list_mutants, read_all

COUNT = 60


@pytest.fixture
def _real_files() -> None:
    if not FIXTURES.is_dir():
        pytest.skip(f"NO REAL DOCUMENTS: {FIXTURES} is absent, so no mutants are made of them")


@pytest.mark.usefixtures("_real_files")
def test_damaged_files_become_documents_or_sentences_and_no_child_is_lost() -> None:
    mutants = [each for each in list_mutants(COUNT) if not each.with_ocr]

    outcomes = read_all(mutants)

    assert len(outcomes) == len(mutants)
    assert [each for each in outcomes if each.how not in ("document", "refused")] == []
    assert all(each.sentence.endswith((".", "…")) for each in outcomes if each.how == "refused")
    assert {each.how for each in outcomes} == {"document", "refused"}
