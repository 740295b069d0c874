"""Reading aloud through the API: one's own answers and texts, nobody else's."""

import io
import logging
from collections.abc import Callable

import pytest
import soundfile

from app.access import Caller
from app.db import chats, people
from app.db.chat_tables import chat_users
from app.operations import speech
from app.operations.speech import LONGEST_TEXT
from app.services import Services
from app.warm import Warm
from tests.app.web.signed_in import Browser
from tests.speakers import CountingSpeaker

ANSWER = "The window is **30 days** from the delivery [1]. You pay for the post.\n\n###### Sources\n\n- [1] terms.md"
Enter = Callable[..., Browser]


@pytest.fixture
def speaker(services: Services) -> CountingSpeaker:
    speaker = CountingSpeaker()
    services.speaker = Warm(lambda: speaker)
    return speaker


def keep_answer(services: Services, owner: str, step_id: str, output: str = ANSWER, **metadata: object) -> str:
    """An answer in a chat of this person."""
    thread = f"thread-{step_id}"
    with services.database.write() as session:
        user = chats.find_row(session, chat_users, chat_users.c.identifier == owner)
        assert user is not None, "signing in makes one"
        chats.save_thread(session, thread, name="A", user_id=user["id"], metadata={}, tags=None)
        step = {"id": step_id, "threadId": thread, "name": "Cloister", "type": "assistant_message", "output": output}
        step |= {"streaming": False, "createdAt": chats.now(), "metadata": metadata or {chats.ANSWER: output}}
        chats.save_step(session, step)
    return step_id


def test_an_answer_is_read_sentence_by_sentence(services: Services, enter: Enter, speaker: CountingSpeaker) -> None:
    ben = enter("Ben")
    keep_answer(services, ben.person_id, "a1")
    reading = ben.client.get("/api/v1/speech/a1").json()
    assert reading["sentences"] == ["The window is 30 days from the delivery [1].", "You pay for the post."]
    assert (reading["language"], reading["voice"], reading["speed"]) == ("en", "alba", 1.0)
    sound = ben.client.get("/api/v1/speech/a1/2.wav", params={"voice": "bryce", "speed": 1.5})
    assert sound.headers["content-type"] == "audio/wav"
    assert sound.headers["cache-control"] == "no-store"
    assert soundfile.info(io.BytesIO(sound.content)).samplerate == 16_000
    assert speaker.said == [("You pay for the post.", "bryce", 1.5)]
    assert ben.client.get("/api/v1/speech/a1/3.wav").status_code == 404
    assert ben.client.get("/api/v1/speech/a1/1.wav", params={"speed": 9}).status_code == 422
    assert ben.client.get("/api/v1/speech/a1/1.wav", params={"voice": "x"}).status_code == 422


@pytest.mark.parametrize(("format", "kind"), [("wav", "WAV"), ("ogg", "OGG")])
def test_a_whole_answer_can_be_kept(
    services: Services, enter: Enter, speaker: CountingSpeaker, format: str, kind: str
) -> None:
    ben = enter("Ben")
    keep_answer(services, ben.person_id, "a1")
    kept = ben.client.get("/api/v1/speech/a1/file", params={"format": format})
    assert kept.headers["content-disposition"] == f'attachment; filename="answer.{format}"'
    assert soundfile.info(io.BytesIO(kept.content)).format == kind
    assert len(speaker.said) == 2


def test_nobody_hears_an_answer_of_somebody_else(services: Services, enter: Enter, speaker: CountingSpeaker) -> None:
    ben, eve = enter("Ben"), enter("Eve", is_admin=True)
    keep_answer(services, ben.person_id, "a1")
    kept = speech.keep_spoken("Only for Ben.", _caller(services, ben), services)
    for path in ("a1", "a1/1.wav", "a1/file", kept, f"{kept}/1.wav"):
        assert ben.client.get(f"/api/v1/speech/{path}").status_code == 200
        refused = eve.client.get(f"/api/v1/speech/{path}")
        assert refused.status_code == 404
        assert "Ben" not in refused.text
    assert {text for text, _, _ in speaker.said} <= {
        "The window is 30 days from the delivery.",
        "You pay for the post.",
        "Only for Ben.",
    }


def test_only_answers_are_read_aloud(services: Services, enter: Enter, speaker: CountingSpeaker) -> None:
    ben = enter("Ben")
    keep_answer(services, ben.person_id, "q1", "What is it?", other="x")
    assert ben.client.get("/api/v1/speech/q1").status_code == 404


def test_a_text_is_read_in_the_voice_of_its_language(
    services: Services, enter: Enter, speaker: CountingSpeaker, caplog: pytest.LogCaptureFixture
) -> None:
    ben = enter("Ben")
    with caplog.at_level(logging.DEBUG):
        answer = ben.client.post(
            "/api/v1/speech", json={"text": "Das ist *geheim* und nicht für alle.", "format": "ogg"}
        )
    assert answer.headers["content-type"] == "audio/ogg"
    assert speaker.said == [("Das ist geheim und nicht für alle.", "thorsten", 1.0)]
    assert "geheim" not in caplog.text


@pytest.mark.parametrize("text", ["", "***", "x" * (LONGEST_TEXT + 1)])
def test_nothing_and_too_much_are_refused(enter: Enter, speaker: CountingSpeaker, text: str) -> None:
    assert enter("Ben").client.post("/api/v1/speech", json={"text": text}).status_code == 422
    assert speaker.said == []


def test_the_owners_voice_and_speed_are_the_usual_ones(
    services: Services, enter: Enter, speaker: CountingSpeaker
) -> None:
    chosen = services.settings.speech.model_copy(update={"voices": {"en": "bryce"}, "speed": 1.25})
    services.settings = services.settings.model_copy(update={"speech": chosen})
    ben = enter("Ben")
    ben.client.post("/api/v1/speech", json={"text": "It is open."})
    assert speaker.said == [("It is open.", "bryce", 1.25)]
    listed = ben.client.get("/api/v1/speech/voices").json()
    assert listed["speed"] == 1.25
    assert listed["voices"][0] == {"id": "alba", "name": "Alba", "language": "en"}


def test_without_signing_in_nothing_is_said(enter: Enter, speaker: CountingSpeaker) -> None:
    client = enter("Ben").client
    client.cookies.clear()
    for answer in (client.get("/api/v1/speech/voices"), client.post("/api/v1/speech", json={"text": "Hello."})):
        assert answer.status_code == 401


def test_switched_off_it_says_so(services: Services, enter: Enter) -> None:
    services.speaker = Warm(lambda: None)
    ben = enter("Ben")
    assert ben.client.get("/api/v1/speech/voices").json()["voices"] == []
    answer = ben.client.post("/api/v1/speech", json={"text": "Hello."})
    assert answer.status_code == 404
    assert "switched off" in answer.json()["detail"]


def test_the_default_engine_speaks_through_the_api(enter: Enter) -> None:
    answer = enter("Ben").client.post("/api/v1/speech", json={"text": "Good morning to all of you."})
    assert soundfile.info(io.BytesIO(answer.content)).duration > 1


def _caller(services: Services, browser: Browser) -> Caller:
    with services.database.read() as session:
        person = people.find_enabled(session, browser.person_id)
        assert person is not None
        return people.get_caller(session, person)
