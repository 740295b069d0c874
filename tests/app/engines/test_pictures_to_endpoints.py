"""A picture on its way to an endpoint, byte for byte as it was given."""

import base64
import io

from PIL import Image

from app.domain import Message, Role
from app.engines.generators.openai_like import OpenAIGenerator
from app.engines.generators.token_estimate import estimate_image_tokens
from app.settings import load_settings
from tests.scripted_llm import MODEL, ScriptedLlm


def picture(format: str = "PNG", size: tuple[int, int] = (56, 30)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, "red").save(stream, format)
    return stream.getvalue()


def ask(llm: ScriptedLlm, *messages: Message) -> list[dict[str, object]]:
    settings = load_settings(
        {"generator": {"engine": "openai", "model": MODEL, "url": llm.url, "context_tokens": 4096, "sees_images": True}}
    )
    generator = OpenAIGenerator(settings.generator)
    assert "".join(generator.stream(messages, max_tokens=9)) == "OK."
    generator.close()
    sent: list[dict[str, object]] = llm.chats[-1].body["messages"]
    return sent


def test_the_picture_follows_its_text_as_a_data_uri() -> None:
    for format, kind in (("PNG", "image/png"), ("JPEG", "image/jpeg")):
        image = picture(format)
        with ScriptedLlm() as llm:
            system, asked = ask(llm, Message(Role.SYSTEM, "Be brief."), Message(Role.USER, "What is it?", image=image))
        uri = f"data:{kind};base64,{base64.b64encode(image).decode()}"
        assert system == {"role": "system", "content": "Be brief."}
        assert asked["content"] == [
            {"type": "text", "text": "What is it?"},
            {"type": "image_url", "image_url": {"url": uri}},
        ]


def test_without_a_picture_a_message_is_plain_text() -> None:
    with ScriptedLlm() as llm:
        assert ask(llm, Message(Role.USER, "Hello?")) == [{"role": "user", "content": "Hello?"}]


def test_a_picture_takes_its_part_of_the_window() -> None:
    assert estimate_image_tokens([Message(Role.USER, "", image=picture()), Message(Role.USER, "")]) == 4
    assert estimate_image_tokens([Message(Role.USER, "", image=picture(size=(1536, 1536)))]) == 3025
