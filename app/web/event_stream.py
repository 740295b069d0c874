"""Server-sent events that end in order, also when the service is told to stop in the middle of them."""

from sse_starlette import EventSourceResponse
from starlette.types import Message, Receive, Scope, Send


class EventStream(EventSourceResponse):
    """At the end of the service the library just stops sending, which readers take for a broken connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_open = False

        async def send_and_note(message: Message) -> None:
            nonlocal is_open
            is_open = message["type"] == "http.response.start" or bool(message.get("more_body"))
            await send(message)

        await super().__call__(scope, receive, send_and_note)
        if is_open:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
