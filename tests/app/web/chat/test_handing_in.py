"""Files that a reader attaches in the chat, on the real service with fakes for models."""

from pathlib import Path

import pytest

from app.db import submissions
from app.domain import MemberRole
from app.errors import Rejected
from app.operations import submissions as operations
from app.services import Services
from app.web.chat.backend import AttachedFile
from app.web.chat.service_backend import ServiceBackend
from app.web.chat.uploads import name_files
from app.web.chat.words import ENGLISH
from tests.app.operations.callers import caller_of
from tests.taking_in import find, open_base


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def attach(folder: Path) -> AttachedFile:
    path = folder / "waiting"
    path.write_text("# Leave\n\nEvery parent receives 70 days of leave.\n")
    return AttachedFile("leave.md", path, is_handed_in=True)


@pytest.mark.anyio
async def test_a_readers_file_goes_to_a_knowledge_base_that_takes_some(services: Services, tmp_path: Path) -> None:
    backend = ServiceBackend(services)
    first, second = open_base(services, "Handbook").id, open_base(services, "Closed").id
    reader = caller_of(services, "Ben", roles={first: MemberRole.READER, second: MemberRole.READER})
    assert not await backend.may_hand_in(reader.id)
    with pytest.raises(Rejected, match="takes files from its readers any more"):
        await backend.hand_in([attach(tmp_path)], reader.id)
    operations.switch(first, caller_of(services, "Ada", roles={first: MemberRole.ADMIN}), services, takes=True)
    assert await backend.may_hand_in(reader.id)
    assert not await backend.may_upload(reader.id)
    assert await backend.hand_in([attach(tmp_path)], reader.id) == "Handbook"
    with services.database.read() as session:
        (waiting,) = submissions.list_of(session, first, limit=9)
    assert (waiting.name, waiting.person) == ("leave.md", "Ben")
    assert find(services, "parent leave", kb="Handbook") == []


def test_a_message_that_is_a_file_alone_says_what_was_done_with_it(tmp_path: Path) -> None:
    assert name_files([attach(tmp_path)], ENGLISH) == "Handed in: leave.md"
