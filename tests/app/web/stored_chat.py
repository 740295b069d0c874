"""A chat that is stored, without anybody having chatted."""

import uuid
from typing import Any

from sqlalchemy import insert

from app.db import chats
from app.db.chat_tables import chat_elements, chat_feedbacks, chat_users
from app.services import Services
from app.settings import chat_files_dir

SOURCE = {"n": 1, "document_id": "d1", "document": "leave.md", "page": 3, "quote": "26 weeks of leave"}
SOURCE |= {"start": 4, "end": 21, "is_verified": True, "url": ""}


class Chat:
    """A stored chat of two questions: `first`, `answer`, then `second`, `later`."""

    def __init__(self, services: Services, person_id: str, name: str = "Wie lange ist die Elternzeit?") -> None:
        self.id = str(uuid.uuid4())
        self.services = services
        self.ids = {key: str(uuid.uuid4()) for key in ("first", "run", "search", "call", "answer", "second", "later")}
        with services.database.write() as session:
            user = chats.find_row(session, chat_users, chat_users.c.identifier == person_id)
            if user is None:
                user = {"id": str(uuid.uuid4()), "identifier": person_id, "createdAt": chats.now(), "metadata": {}}
                chats.save_row(session, chat_users, user)
            chats.save_thread(session, self.id, name=name, user_id=user["id"], metadata={"kept": 1}, tags=None)
            for n, row in enumerate(self._rows()):
                chats.save_step(session, {**row, "threadId": self.id, "createdAt": f"2026-01-01T00:00:0{n}Z"})
            feedback = {"id": str(uuid.uuid4()), "forId": self.ids["run"], "threadId": self.id, "value": 1}
            chats.save_row(session, chat_feedbacks, {**feedback, "comment": "good"})
            self.key = f"{self.id}/{uuid.uuid4()}"
            element = {"id": self.key.split("/")[1], "threadId": self.id, "forId": self.ids["answer"], "type": "text"}
            element |= {"name": "[1]", "display": "side", "objectKey": self.key, "url": f"/chat-files/{self.key}"}
            session.execute(insert(chat_elements).values(element))
        self.file = chat_files_dir(services.settings.data_dir) / self.key
        self.file.parent.mkdir(parents=True)
        self.file.write_text("The passage with quartermaster.")

    def _rows(self) -> list[dict[str, Any]]:
        face = {"question": self.ids["first"], "search": self.ids["search"], "copy": "26 weeks [1].\n\nSources:\n[1] x"}
        kept = {"answer": "26 weeks [1].", "documents": ["d1"], "face": face, "sources": [SOURCE], "model": "tiny"}
        common = {"streaming": False, "metadata": {}, "parentId": None, "name": "Ada"}
        call = {"type": "tool", "name": "Web search", "input": "leave", "output": "two pages"}
        return [
            {**common, "id": self.ids["first"], "type": "user_message", "output": "How long is PARENTAL Übergang?"},
            {**common, "id": self.ids["run"], "type": "run", "name": "on_message", "parentId": self.ids["first"]},
            {**common, "id": self.ids["search"], "type": "tool", "name": "Found", "parentId": self.ids["run"]},
            {**common, **call, "id": self.ids["call"], "metadata": {"answer": self.ids["answer"]}},
            {
                **common,
                "id": self.ids["answer"],
                "type": "assistant_message",
                "name": "Cloister",
                "output": "26 weeks [1].\n\n###### Sources",
                "parentId": self.ids["run"],
                "metadata": kept,
            },
            {**common, "id": self.ids["second"], "type": "user_message", "output": "And then?"},
            {**common, "id": self.ids["later"], "type": "assistant_message", "output": "Nothing."},
        ]

    def steps(self, thread_id: str = "") -> list[dict[str, Any]]:
        with self.services.database.read() as session:
            found = chats.find_thread(session, thread_id or self.id)
        return found["steps"] if found else []
