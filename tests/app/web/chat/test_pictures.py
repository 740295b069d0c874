"""Pictures with questions: which file is one, how it is kept, and that it goes with its thread."""

import asyncio
import io
from pathlib import Path
from typing import Any

import chainlit as cl
import chainlit.data
import pytest
from chainlit.context import init_http_context
from chainlit.session import HTTPSession
from fastapi.testclient import TestClient
from PIL import Image

from app.domain import Message, Picture, Role
from app.errors import Rejected
from app.services import Services
from app.settings import chat_files_dir
from app.web.chat import pictures
from app.web.chat.backend import AttachedFile
from app.web.chat.data_layer import ChatDataLayer
from app.web.chat.history import history_of
from app.web.chat.picture_types import picture_type
from app.web.chat.pictures import Pictures, keep_picture, picture_summary, render_picture_text, sort_files
from app.web.chat.service_backend import ServiceBackend
from app.web.chat.storage import ChatFiles
from app.web.chat.uploads import FILES_ONLY
from app.web.chat.words import ENGLISH, GERMAN
from tests.app.web.chat.test_mount import SAVED, THREAD, _store_passage, client  # noqa: F401 - a fixture
from tests.browser.fake_backend import ADA

PDF = b"%PDF-1.7 and so on"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def image_of(format: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(stream, format)
    return stream.getvalue()


def attached(folder: Path, **contents: bytes) -> list[AttachedFile]:
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [AttachedFile(name, folder / name) for name in contents]


@pytest.fixture
def layer(services: Services, monkeypatch: pytest.MonkeyPatch) -> ChatDataLayer:
    layer = ChatDataLayer(services.database, ChatFiles(chat_files_dir(services.settings.data_dir)))
    monkeypatch.setattr(chainlit.data, "_data_layer", layer)
    monkeypatch.setattr(chainlit.data, "_data_layer_initialized", True)
    monkeypatch.setattr(HTTPSession, "language", "en-GB", raising=False)
    return layer


def asked(words: str = "What is it?", **metadata: Any) -> Any:
    init_http_context(thread_id=THREAD, user=cl.User(identifier="ben"))
    return cl.Message(words, type="user_message", metadata=metadata)


async def keep(services: Services, layer: ChatDataLayer, folder: Path) -> Any:
    """A question with a picture, as it is stored."""
    question = asked()
    before = asyncio.all_tasks()
    await question.send()
    (file,) = attached(folder, sent=image_of())
    await keep_picture(ServiceBackend(services), question, file, ENGLISH)
    await asyncio.gather(*(asyncio.all_tasks() - before))
    return question


# --- which file is the question's ---


def test_a_picture_is_told_by_its_first_bytes() -> None:
    assert [picture_type(image_of(format)) for format in ("PNG", "JPEG", "WEBP")] == [
        "image/png",
        "image/jpeg",
        "image/webp",
    ]
    assert [picture_type(content) for content in (PDF, b"", b"GIF89a", b"RIFF1234WAVE")] == [None] * 4


@pytest.mark.anyio
async def test_one_picture_with_words_is_part_of_the_question(tmp_path: Path) -> None:
    files = attached(tmp_path, a=image_of(), b=PDF)
    found = sort_files(asked(), files)
    assert (found.picture, found.documents) == (files[0], [files[1]])


@pytest.mark.anyio
async def test_a_picture_alone_and_several_are_documents(tmp_path: Path) -> None:
    one = attached(tmp_path, a=image_of())
    assert sort_files(asked("Added: a", **{FILES_ONLY: True}), one).picture is None
    two = attached(tmp_path, a=image_of(), b=image_of("JPEG"))
    assert sort_files(asked(), two).documents == two


# --- keeping it ---


@pytest.mark.anyio
async def test_a_kept_picture_is_found_again_and_goes_with_its_thread(
    services: Services, layer: ChatDataLayer, tmp_path: Path
) -> None:
    question = await keep(services, layer, tmp_path)
    found = await Pictures(layer.files).find(question)
    assert found is not None
    assert Image.open(io.BytesIO(found.image)).size == (30, 20)
    thread = await layer.get_thread(THREAD)
    assert thread is not None
    (element,) = [each for each in thread["elements"] or [] if each["type"] == "image"]
    assert (element["forId"], element["name"]) == (question.id, "sent")
    folder = chat_files_dir(services.settings.data_dir)
    assert [path.read_bytes() for path in folder.rglob("*") if path.is_file()] == [found.image]
    await layer.delete_thread(THREAD)
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert await Pictures(layer.files).find(question) is None


@pytest.mark.anyio
async def test_the_conversation_goes_on_with_the_last_picture(
    services: Services, layer: ChatDataLayer, tmp_path: Path
) -> None:
    question = await keep(services, layer, tmp_path)
    question.metadata = {"picture": {**question.metadata["picture"], "text": "Error 4711"}}
    later = asked("And then?")
    history = history_of([question, later])
    assert [each.image_text for each in history] == ["Error 4711", ""]
    shown = await Pictures(layer.files).add_last(history, [question, later])
    assert [each.image is not None for each in shown] == [True, False]
    assert await Pictures(layer.files).add_last([Message(Role.USER, "Hm?")], [later]) == [Message(Role.USER, "Hm?")]


@pytest.mark.anyio
@pytest.mark.parametrize("element", ["../../keys/session", "x", 7, None])
async def test_what_a_browser_says_of_a_picture_leads_nowhere_else(
    services: Services, layer: ChatDataLayer, element: object
) -> None:
    assert await Pictures(layer.files).find(asked(picture={"element": element, "text": ["x"]})) is None


@pytest.mark.anyio
async def test_a_picture_that_is_too_large_is_refused(
    services: Services, layer: ChatDataLayer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_MB", 0)
    (file,) = attached(tmp_path, sent=image_of())
    with pytest.raises(Rejected, match="larger than 0 MB"):
        await keep_picture(ServiceBackend(services), asked(), file, ENGLISH)


# --- what is said and shown ---


def test_it_is_said_plainly_what_the_model_is_given() -> None:
    assert picture_summary(12, ENGLISH) == "The model cannot see pictures; its text was read instead: 12 words"
    assert picture_summary(1, GERMAN).endswith("gelesen: 1 Wort")
    assert picture_summary(0, ENGLISH).endswith("no text was found in this one")
    assert picture_summary(None, GERMAN).endswith("ist abgeschaltet")


def test_what_was_read_is_shown_as_text_only() -> None:
    shown = render_picture_text("![x](http://evil.example/a.png)\n<b>bold</b>\n# Head", ENGLISH)
    assert shown.startswith("Read in the picture:\n\n> ")
    assert "![x](" not in shown
    assert "<b>" not in shown
    assert render_picture_text("", ENGLISH) == ""


def test_a_picture_is_served_as_one_to_its_owner(client: TestClient, tmp_path: Path) -> None:  # noqa: F811
    asyncio.run(_store_passage(ADA.id))
    asyncio.run(ChatFiles(chat_files_dir(tmp_path)).upload_file(f"{THREAD}/p1", image_of()))
    assert client.get(f"/chat-files/{THREAD}/p1").status_code == 404
    client.post("/welcome", data=SAVED)
    answer = client.get(f"/chat-files/{THREAD}/p1")
    assert (answer.headers["content-type"], answer.content) == ("image/png", image_of())
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_picture_is_a_value() -> None:
    assert "PNG" not in repr(Picture(image_of(), "secret"))
