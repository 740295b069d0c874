"""Questions from chats: those whose answers were called helpful, with what these cited, for who may see them."""

from pathlib import Path

import pytest

from app.access import Caller
from app.db import chats, documents, parsed_texts, people, questions
from app.db.chat_tables import chat_feedbacks
from app.db.chats import CITED, FACE
from app.db.people_tables import Person
from app.domain import QuestionOrigin
from app.errors import Rejected
from app.operations import proposals
from app.services import Services
from app.settings import load_settings
from app.warm import Warm
from tests.fakes import ScriptedGenerator
from tests.taking_in import open_base, take_in

LEAVE = "# Leave\n\nEvery parent receives 70 days of paid parental leave after the birth of a child.\n"


@pytest.fixture
def document_id(services: Services, tmp_path: Path) -> str:
    (tmp_path / "leave.md").write_text(LEAVE)
    take_in(services, tmp_path / "leave.md")
    with services.database.read() as session:
        (brief,) = documents.list_briefs(session, [open_base(services).id])
    return brief.id


def caller(services: Services) -> Caller:
    with services.database.read() as session:
        return people.get_caller(session, Person(id="ada", name="Ada", is_admin=True))


def rate(services: Services, question: str, document_id: str, value: int) -> None:
    """An answer that cites the document's sentence, with a thumb up (1) or down (0)."""
    with services.database.write() as session:
        text = parsed_texts.find_text(session, document_id) or ""
        start = text.index("Every parent")
        steps = {
            f"q {question}": {"output": question, "metadata": {}},
            f"a {question}": {
                "parentId": f"r {question}",
                "metadata": {FACE: {"question": f"q {question}"}, CITED: [(document_id, start, start + 45)]},
            },
        }
        for id, facts in steps.items():
            step = {"id": id, "threadId": "t", "name": "n", "type": "run", "streaming": False, **facts}
            chats.save_step(session, step)
        rated = {"id": f"f {question}", "forId": f"r {question}", "threadId": "t", "value": value}
        chats.save_row(session, chat_feedbacks, rated)


def test_helpful_answers_give_questions_that_wait_for_approval(services: Services, document_id: str) -> None:
    rate(services, "How long may parents stay at home?", document_id, 1)
    rate(services, "What is for lunch?", document_id, 0)
    base_id = open_base(services).id
    assert proposals.from_chats(base_id, caller(services), services) == 1
    assert proposals.from_chats(base_id, caller(services), services) == 0
    with services.database.read() as session:
        (kept,) = questions.list_of(session, base_id)
    assert (kept.text, kept.origin, kept.is_approved) == (
        "How long may parents stay at home?",
        QuestionOrigin.CHAT,
        False,
    )
    assert LEAVE[LEAVE.index("Every parent") :].startswith(kept.quote)


def test_what_was_cited_of_another_knowledge_base_is_left_out(services: Services, document_id: str) -> None:
    rate(services, "How long may parents stay at home?", document_id, 1)
    assert proposals.from_chats(open_base(services, "Other").id, caller(services), services) == 0


def test_nothing_is_taken_where_questions_are_kept_from_admins(services: Services, document_id: str) -> None:
    rate(services, "How long may parents stay at home?", document_id, 1)
    base_id = open_base(services).id
    services.settings = load_settings({"data_dir": services.settings.data_dir, "insight": {"shows_questions": False}})
    with pytest.raises(Rejected, match="shows_questions"):
        proposals.from_chats(base_id, caller(services), services)


def test_the_model_is_asked_about_one_passage_after_the_other(services: Services, tmp_path: Path) -> None:
    told = " ".join(f"The parental leave of case {n} lasts {n + 10} days after the birth." for n in range(8))
    (tmp_path / "one-chunk.md").write_text(f"# Leave\n\n{told}\n")
    take_in(services, tmp_path / "one-chunk.md")
    base_id = open_base(services).id
    said = '{"question": "How long may parents stay at home?", "quote": "The parental leave of case 3 lasts 13 days"}'
    services.generator = Warm(lambda: ScriptedGenerator("no JSON at all", said, said))
    # Nothing usable; a question; the same one again.
    asked = [proposals.next_by_model(base_id, 0, caller(services), services) for _ in range(3)]
    assert asked == [False, True, False]
    with pytest.raises(Rejected, match="nothing more to ask"):
        proposals.next_by_model(base_id, 1, caller(services), services)
