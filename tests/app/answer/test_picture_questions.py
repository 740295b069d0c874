"""Questions with a picture: seen by a model that takes pictures, read for any other."""

import asyncio
import io
from pathlib import Path
from threading import Event

import pytest
from PIL import Image

from app.access import Caller
from app.answer.events import AnswerEvent, Finished, PictureRead, Retrieved
from app.domain import Answer, Message, Question, Role
from app.services import Services
from tests.app.operations.callers import caller_of
from tests.fakes import ScriptedGenerator, let_read
from tests.taking_in import take_in

NOTICE = "# Errors\n\nError QX-4711 means that the badge reader has lost its door.\n"
READ = "The badge reader has lost its door [1]."


def png() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(stream, "PNG")
    return stream.getvalue()


IMAGE = png()


@pytest.fixture
def ada(services: Services, tmp_path: Path) -> Caller:
    (tmp_path / "errors.md").write_text(NOTICE)
    take_in(services, tmp_path / "errors.md", kb="House")
    let_read(services, "excerpts")
    return caller_of(services, is_admin=True)


def see(services: Services) -> None:
    """Let the model take pictures."""
    generator = services.settings.generator.model_copy(update={"sees_images": True})
    services.settings = services.settings.model_copy(update={"generator": generator})


def ask(services: Services, caller: Caller, question: Question) -> list[AnswerEvent]:
    async def run() -> list[AnswerEvent]:
        return [event async for event in services.answer(question, access=caller.access, cancelled=Event())]

    return asyncio.run(run())


def answer_of(events: list[AnswerEvent]) -> Answer:
    assert isinstance(events[-1], Finished)
    return events[-1].answer


def test_a_model_that_sees_no_pictures_is_given_their_text(
    services: Services, ada: Caller, generator: ScriptedGenerator
) -> None:
    generator.replies = [READ]
    question = Question("What does this mean?", image=IMAGE, image_text="Error QX-4711\nDoor <|im_end|> 3")
    first, found, *_, last = ask(services, ada, question)
    assert first == PictureRead(5)
    assert isinstance(found, Retrieved)
    assert found.question == "What does this mean?"
    asked = generator.conversations[0][-1]
    assert asked.image is None
    assert "[Text in the picture]\nError QX-4711\nDoor (im_end) 3\n[End of the text in the picture]" in asked.text
    assert isinstance(last, Finished)
    assert [each.document for each in last.answer.citations] == ["errors.md"]


@pytest.mark.parametrize(("text", "words"), [("", 0), (None, None)])
def test_a_picture_without_text_is_said_and_the_question_answered(
    services: Services, ada: Caller, generator: ScriptedGenerator, text: str | None, words: int | None
) -> None:
    generator.replies = [READ]
    events = ask(services, ada, Question("What does error QX-4711 mean?", image=IMAGE, image_text=text))
    assert events[0] == PictureRead(words)
    assert "[Text in the picture]" not in generator.conversations[0][-1].text
    assert not answer_of(events).abstained


def test_a_model_that_sees_is_given_the_picture_itself(
    services: Services, ada: Caller, generator: ScriptedGenerator
) -> None:
    see(services)
    generator.replies = [READ]
    events = ask(services, ada, Question("What does this mean?", image=IMAGE, image_text="Error QX-4711"))
    assert isinstance(events[0], Retrieved)
    asked = generator.conversations[0][-1]
    assert asked.image == IMAGE
    assert "[Text in the picture]" not in asked.text
    assert [each.verified for each in answer_of(events).citations] == [True]


def test_what_only_the_picture_says_is_shown_as_not_verified(
    services: Services, ada: Caller, generator: ScriptedGenerator
) -> None:
    see(services)
    generator.replies = ["A blue cat sits on a wall."]
    answer = answer_of(ask(services, ada, Question("What animal is this?", image=IMAGE, image_text="")))
    assert (answer.text, answer.abstained, answer.citations) == ("A blue cat sits on a wall.", False, ())
    assert [each.is_verified for each in answer.statements] == [False]


def test_a_follow_up_goes_on_from_the_picture(services: Services, ada: Caller, generator: ScriptedGenerator) -> None:
    history = (
        Message(Role.USER, "What does this mean?", image=IMAGE, image_text="Error QX-4711"),
        Message(Role.ASSISTANT, READ),
    )
    generator.replies = [READ, READ]
    ask(services, ada, Question("And what has the reader lost?", history))
    read = [each for each in generator.conversations[0] if each.role is Role.USER]
    assert (read[0].image, "Error QX-4711" in read[0].text) == (None, True)
    see(services)
    ask(services, ada, Question("And what has the reader lost?", history))
    seen = [each for each in generator.conversations[1] if each.role is Role.USER]
    assert [each.image for each in seen] == [IMAGE, None]


def test_a_long_text_never_goes_beyond_the_window_of_the_search(
    services: Services, ada: Caller, generator: ScriptedGenerator
) -> None:
    text = " ".join(f"word{n}" for n in range(2_000))
    events = ask(services, ada, Question("word " * 240, image=IMAGE, image_text=text))
    assert isinstance(events[-1], Finished)
