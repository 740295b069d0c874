from pathlib import Path

import numpy as np
import pytest

from app.access import Access
from app.answer.search.retrieve import embed_question
from app.db import people
from app.db.people_tables import Person
from app.errors import ModelMismatch
from app.services import Services
from app.settings import Settings
from tests.fakes import ScriptedGenerator, WordHashEmbedder, open_with_fakes
from tests.taking_in import take_in


def everything(services: Services) -> Access:
    with services.database.read() as session:
        return people.get_access(session, Person(id="somebody", name="somebody", is_admin=True))


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nParental leave is 70 days.\n")
    return folder


def test_a_passage_is_the_documents_text_at_its_offsets(services: Services, docs: Path) -> None:
    take_in(services, docs)
    (passage,) = services.retriever().retrieve("parental leave", access=everything(services), k=5)
    assert (docs / "leave.md").read_text()[passage.start : passage.end] == passage.text
    assert passage.headings == ("Leave",)


def test_a_document_is_found_by_its_name_though_its_text_does_not_say_it(services: Services, tmp_path: Path) -> None:
    for name in ("pricelist", "handbook"):
        (tmp_path / f"{name}.md").write_text("The amount is agreed every year.\n")
        take_in(services, tmp_path / f"{name}.md")
    found = services.retriever().retrieve("pricelist", access=everything(services), k=1)
    assert [passage.document for passage in found] == ["pricelist.md"]


def test_neighbouring_chunks_come_as_one_passage_of_the_documents_very_text(services: Services, tmp_path: Path) -> None:
    sentences = [f"Oven number {n} in hall {n % 7} is inspected by the leave of nobody in week {n}." for n in range(60)]
    (tmp_path / "ovens.txt").write_text("\n\n".join(sentences))
    take_in(services, tmp_path / "ovens.txt")
    passages = services.retriever().retrieve("Which oven is inspected in week 30?", access=everything(services), k=2)
    stored = (tmp_path / "ovens.txt").read_text()
    assert all(stored[passage.start : passage.end] == passage.text for passage in passages)
    (first, *_) = sorted(passages, key=lambda passage: -len(passage.text))
    budget = services.settings.chunking.chunk_size
    assert budget < services.embedder.get().count_tokens([first.text])[0] <= 2 * budget


def test_a_copy_takes_no_place_and_is_named(services: Services, tmp_path: Path) -> None:
    notice = "Parental leave is granted to every employee who asks for it in writing before the child is born. " * 3
    for name, text in (("policy.md", notice), ("draft.md", notice), ("other.md", "Leave the keys at the gate.")):
        (tmp_path / name).write_text(text)
        take_in(services, tmp_path / name)
    first, second = services.retriever().retrieve("parental leave", access=everything(services), k=2)
    assert {first.document, *first.also_in} == {"policy.md", "draft.md"}
    assert (second.document, second.also_in) == ("other.md", ())


def test_a_question_that_names_a_file_is_asked_of_that_file(services: Services, tmp_path: Path) -> None:
    for name in ("leave-2023.md", "leave-2024.md"):
        (tmp_path / name).write_text(f"Parental leave is described in {name}.")
        take_in(services, tmp_path / name)
    found = services.retriever().retrieve("Parental leave in leave-2024.md?", access=everything(services), k=5)
    assert [passage.document for passage in found] == ["leave-2024.md"]


def test_the_similarity_of_a_passage_is_the_cosine_of_its_own_words(services: Services, docs: Path) -> None:
    (docs / "leave.md").write_text("# Leave\n\nParental leave is 70 days.\n\n# Cars\n\nCars are washed on Friday.\n")
    take_in(services, docs)
    embedder = services.embedder.get()
    for passage in services.retriever().retrieve("parental leave", access=everything(services), k=5):
        own = float(embedder.embed_documents([passage.text])[0] @ embedder.embed_query("parental leave"))
        assert passage.similarity == pytest.approx(own, abs=1e-5)


def test_what_another_model_embedded_is_refused_with_what_to_do(settings: Settings, docs: Path) -> None:
    before = open_with_fakes(settings, WordHashEmbedder("old-model"), ScriptedGenerator())
    take_in(before, docs)
    before.close()
    after = open_with_fakes(settings, WordHashEmbedder("new-model"), ScriptedGenerator())
    try:
        with pytest.raises(ModelMismatch, match=r"“Documents” was embedded with old-model.*set the embedder back"):
            after.retriever().retrieve("leave", access=everything(after), k=5)
        (docs / "leave.md").write_text("# Leave\n\nParental leave is 80 days.\n")
        assert "old-model" in str(take_in(after, docs)["leave.md"].error)
    finally:
        after.close()


def test_a_question_longer_than_the_window_is_embedded_whole() -> None:
    embedder = WordHashEmbedder()
    question = "leave " * 300 + "cars " * 300
    vector = embed_question(question, embedder)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    for word in ("leave", "cars"):
        assert float(vector @ embedder.embed_query(word)) > 0.5
