"""What a message keeps of an answer's face."""

import json

from app.domain import Answer, Statement
from app.web.chat.face import Face
from app.web.chat.words import ENGLISH

QUOTE = "Leave is 26 weeks."

FACE = Face.of(
    Answer(QUOTE, (), (), False, {"total": 1000.0}, (Statement(0, len(QUOTE), (), is_verified=False),)),
    ENGLISH,
    question="q",
    search="s",
)


def kept() -> dict[str, object]:
    return dict(json.loads(json.dumps(FACE.as_metadata())))


def test_a_face_comes_back_from_the_database_as_it_was() -> None:
    assert Face.find({"face": kept()}) == FACE
    assert FACE.reasons == (ENGLISH.doubts.uncited,)
    assert FACE.timings == "answered in 1.0 s"


def test_a_face_of_another_version_is_read_as_far_as_it_is_known() -> None:
    older_or_newer = {**kept(), "spoken": "yes"}
    del older_or_newer["timings"]
    face = Face.find({"face": older_or_newer})
    assert face
    assert (face.copy, face.timings) == (FACE.copy, "")


def test_what_is_no_answer_has_no_face() -> None:
    assert Face.find(None) is Face.find({}) is None


def test_an_abstention_casts_no_doubt_on_itself() -> None:
    statements = (Statement(0, len(QUOTE), (), is_verified=False),)
    abstained = Answer(QUOTE, (), (), True, {}, statements)
    face = Face.of(abstained, ENGLISH, question="q", search="s")
    assert (face.reasons, face.copy) == ((), QUOTE)
