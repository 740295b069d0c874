"""Chainlit's routes that take an id from the browser and do not ask whose it is: here they do.

What is somebody else's is answered in the words for what does not exist.
"""

from typing import Annotated, Any, Final
from uuid import UUID

import chainlit.server
from chainlit.server import UserParam, call_action, delete_feedback, set_session_cookie, update_feedback
from chainlit.session import WebsocketSession
from chainlit.types import CallActionRequest, DeleteFeedbackRequest, UpdateFeedbackRequest
from fastapi import Body, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel

from app.web.chat.data_layer import ChatDataLayer

NO_THREAD: Final = "There is no such conversation among yours."
NO_ANSWER: Final = "There is no such answer in your conversations."
NO_SESSION: Final = "This page is not connected any more; reload it."


class _Session(BaseModel):
    session_id: UUID


def guard_threads(layer: ChatDataLayer) -> None:
    """Say the same of a thread that is another's and of one that is not there."""

    async def is_thread_author(person_id: str, thread_id: str) -> bool:
        if await layer.get_thread_author(thread_id) != person_id:
            raise HTTPException(404, NO_THREAD)
        return True

    module: Any = chainlit.server
    module.is_thread_author = is_thread_author


def add_guarded_routes(app: FastAPI, layer: ChatDataLayer) -> None:
    """Feedback on one's own answers, buttons of one's own page, and its cookie. They stand before Chainlit's own."""

    async def give_feedback(request: Request, update: UpdateFeedbackRequest, user: UserParam) -> Any:
        given = update.feedback
        thread_id = await layer.find_thread_of_step(given.forId)
        is_theirs = thread_id is not None and await layer.get_thread_author(thread_id) == _id(user)
        if not is_theirs or given.threadId not in (None, "", thread_id):
            raise HTTPException(404, NO_ANSWER)
        if given.id and await layer.find_thread_of_feedback(given.id) not in (None, thread_id):
            raise HTTPException(404, NO_ANSWER)
        given.threadId = thread_id
        return await update_feedback(request, update, user)

    async def take_feedback_back(
        request: Request, payload: Annotated[DeleteFeedbackRequest, Body()], user: UserParam
    ) -> Any:
        thread_id = await layer.find_thread_of_feedback(payload.feedbackId)
        if thread_id is None or await layer.get_thread_author(thread_id) != _id(user):
            raise HTTPException(404, NO_ANSWER)
        return await delete_feedback(request, payload, user)

    async def press_button(payload: CallActionRequest, user: UserParam) -> Any:
        session = WebsocketSession.get_by_id(payload.sessionId)
        if session is None or session.user is None or session.user.identifier != _id(user):
            raise HTTPException(404, NO_SESSION)
        return await call_action(payload, user)

    async def remember_session(request: Request, response: Response, _body: _Session) -> Any:
        # Chainlit reads the body once more, and would fail on one that is no JSON.
        return await set_session_cookie(request, response)

    for path, method, answer in (
        ("/set-session-cookie", "POST", remember_session),
        ("/feedback", "PUT", give_feedback),
        ("/feedback", "DELETE", take_feedback_back),
        ("/project/action", "POST", press_button),
    ):
        app.add_api_route(path, answer, methods=[method], include_in_schema=False)


def _id(user: Any) -> str:
    return str(user.identifier)
