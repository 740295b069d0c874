"""The pool of offered models: what stays open, what makes room, and what is refused."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest

from app.domain import Message, Role
from app.errors import EngineUnavailable
from app.model_pool import ModelPool, PooledModel, require_memory
from app.settings import GeneratorSettings, load_settings
from tests.fakes import ScriptedGenerator
from tests.gguf_files import write_model


class Closing(ScriptedGenerator):
    """Tells when it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = Event()

    def close(self) -> None:
        self.closed.set()


class Building:
    """Builds models and remembers them, by the names in their settings."""

    def __init__(self) -> None:
        self.built: list[str] = []
        self.model: dict[str, Closing] = {}

    def __call__(self, settings: GeneratorSettings) -> Any:
        self.built.append(settings.model)
        self.model[settings.model] = Closing()
        return self.model[settings.model]


def file(name: str) -> PooledModel:
    return PooledModel(name, name.upper(), load_settings().generator.model_copy(update={"model": name}))


def endpoint(name: str) -> PooledModel:
    changes = {"model": name, "engine": "openai", "url": "http://127.0.0.1:1/v1"}
    return PooledModel(name, name.upper(), load_settings().generator.model_copy(update=changes))


def pool_of(build: Building, *, kept: int = 1, room: Callable[[PooledModel], None] = lambda _: None) -> ModelPool:
    return ModelPool(build, kept=kept, require_room=room)


def use(pool: ModelPool, *models: PooledModel) -> None:
    for model in models:
        with pool.borrow(model):
            pass


def test_a_model_is_opened_when_it_is_first_asked_for_and_stays() -> None:
    build = Building()
    pool = pool_of(build)
    assert pool.list_open() == []
    use(pool, file("a"), file("a"))
    assert (build.built, pool.list_open()) == (["a"], ["a"])


def test_the_last_used_ones_stay_and_the_others_are_closed() -> None:
    build = Building()
    pool = pool_of(build, kept=2)
    use(pool, file("a"), file("b"), file("a"), file("c"))
    assert pool.list_open() == ["a", "c"]
    assert build.model["b"].closed.wait(5)
    assert not build.model["a"].closed.is_set()


def test_without_any_kept_a_model_is_closed_when_it_is_given_back() -> None:
    build = Building()
    pool = pool_of(build, kept=0)
    with pool.borrow(file("a")):
        assert pool.list_open() == ["a"]
    assert pool.list_open() == []
    assert build.model["a"].closed.wait(5)


def test_what_somebody_uses_is_never_closed() -> None:
    build = Building()
    pool = pool_of(build, kept=1)
    with pool.borrow(file("a")) as first:
        use(pool, file("b"), file("c"))
        assert not build.model["a"].closed.is_set()
        assert list(first.stream([Message(Role.USER, "Hello?")], max_tokens=9)) == ["OK."]
        # The one in use is the one that is kept.
        assert pool.list_open() == ["a"]
    assert pool.list_open() == ["a"]


def test_endpoints_cost_no_memory_and_stay() -> None:
    build = Building()
    pool = pool_of(build, kept=1)
    use(pool, endpoint("e"), file("a"), endpoint("f"), file("b"))
    assert pool.list_open() == ["e", "f", "b"]


def test_what_nobody_uses_makes_room_before_a_model_is_refused() -> None:
    build = Building()
    opened: list[int] = []

    def room(model: PooledModel) -> None:
        opened.append(len(pool.list_open()))
        if pool.list_open():
            raise EngineUnavailable("It does not fit.")

    pool = pool_of(build, kept=5, room=room)
    use(pool, file("a"), file("b"))
    assert opened == [0, 1, 0]
    assert pool.list_open() == ["b"]
    with pool.borrow(file("b")), pytest.raises(EngineUnavailable, match="does not fit"):
        use(pool, file("c"))
    assert pool.list_open() == ["b"]


def test_two_who_ask_at_once_load_a_model_once() -> None:
    build, asked, may = Building(), Event(), Event()

    def slowly(settings: GeneratorSettings) -> Any:
        asked.set()
        may.wait(5)
        return build(settings)

    pool = ModelPool(slowly, kept=1, require_room=lambda _: None)
    threads = [Thread(target=use, args=(pool, file("a"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert asked.wait(5)
    may.set()
    for thread in threads:
        thread.join(5)
    assert build.built == ["a"]


def test_a_model_that_is_said_otherwise_is_opened_anew() -> None:
    build = Building()
    pool = pool_of(build)
    use(pool, file("a"))
    pool.forget("a")
    assert pool.list_open() == []
    assert build.model["a"].closed.wait(5)
    use(pool, file("a"))
    assert build.built == ["a", "a"]


def test_one_that_is_withdrawn_while_it_writes_is_closed_afterwards() -> None:
    build = Building()
    pool = pool_of(build)
    with pool.borrow(file("a")):
        pool.forget("a")
        assert not build.model["a"].closed.is_set()
    assert build.model["a"].closed.wait(5)
    assert pool.list_open() == []


def test_a_closed_pool_closes_all_and_opens_nothing() -> None:
    build = Building()
    pool = pool_of(build)
    use(pool, file("a"))
    pool.close()
    assert build.model["a"].closed.is_set()
    with pytest.raises(EngineUnavailable, match="shutting down"):
        use(pool, file("a"))


def test_a_file_that_needs_more_than_there_is_is_refused_in_a_sentence(tmp_path: Any) -> None:
    path = write_model(tmp_path / "vast.gguf")
    fits = PooledModel("a", "Tiny", load_settings().generator.model_copy(update={"model": str(path)}))
    require_memory(fits)
    settings = fits.settings.model_copy(update={"context_tokens": 2_000_000_000})
    with pytest.raises(EngineUnavailable, match=r"“Vast” needs .* GiB of memory, more than this machine has free now"):
        require_memory(PooledModel("a", "Vast", settings))
