"""The section of models to choose from, as an admin uses it."""

import pytest

from app.services import Services
from tests.app.web.signed_in import Browser
from tests.fakes import ScriptedGenerator
from tests.gguf_files import write_model
from tests.scripted_llm import MODEL, ScriptedLlm

KEY = "sk-of-the-endpoint"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def folder(services: Services) -> Services:
    """A models folder with a file that loads."""
    services.build_generator = lambda _: ScriptedGenerator()
    services.generator.get()
    write_model(services.settings.models_dir / "tiny.gguf")
    return services


def test_a_file_is_offered_changed_and_withdrawn(admin: Browser, folder: Services) -> None:
    assert "nobody is asked to choose" in admin.get("/admin/models").text
    answer = admin.post("/admin/models/offered/file", {"label": EVIL, "file": "tiny.gguf", "context": "2048"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/models#offered")
    page = admin.get("/admin/models").text
    assert "can be chosen in the chat from now on" in page
    assert EVIL not in page
    (id,) = (each.split('"')[0] for each in page.split('action="/admin/models/offered/')[1:2])
    assert admin.post(f"/admin/models/offered/{id}", {"label": "Tiny", "context": "1024"}).status_code == 303
    assert "Change “Tiny”" in admin.get("/admin/models").text
    assert "<option" in admin.get("/admin/assistants/new").text
    assert admin.post("/admin/assistants", {"name": "Helper", "model": id}).status_code == 303
    refused = admin.post(f"/admin/models/offered/{id}/withdraw")
    assert (refused.status_code, "“Helper” answers with it" in refused.text) == (422, True)


def test_a_key_is_never_shown(admin: Browser, services: Services) -> None:
    services.generator.get()
    with ScriptedLlm() as llm:
        fields = {"label": "Far", "url": llm.url, "model": MODEL, "context": "4096", "key": KEY, "sees_images": "true"}
        assert admin.post("/admin/models/offered/endpoint", fields).status_code == 303
    page = admin.get("/admin/models").text
    assert KEY not in page
    assert "with a key" in page
    assert "seen" in page


def test_one_that_cannot_be_reached_says_why(admin: Browser, services: Services) -> None:
    fields = {"label": "Far", "url": "http://127.0.0.1:1/v1", "model": "m", "context": "4096"}
    answer = admin.post("/admin/models/offered/endpoint", fields)
    assert answer.status_code == 422
    assert "not offered like this" in answer.text


def test_versions_are_shown_and_come_back(admin: Browser, services: Services) -> None:
    path = admin.post("/admin/assistants", {"name": "Helper", "system_prompt": "Be kind."}).headers["location"]
    assert 'name="version" value="1"' in admin.get(path).text
    assert "{{knowledge_bases}}" in admin.get(path).text
    admin.post(path, {"name": "Helper", "system_prompt": "Be stern.", "version": "1"})
    late = admin.post(path, {"name": "Helper", "system_prompt": "Be odd.", "version": "1"})
    assert (late.status_code, "Ada has changed this assistant since" in late.text) == (422, True)
    page = admin.get(f"{path}/versions").text
    assert "<mark>kind</mark>" in page
    assert "<mark>stern</mark>" in page
    assert admin.post(f"{path}/versions/1").status_code == 303
    page = admin.get(path).text
    assert "Be kind." in page
    assert "Version 1 answers again" in page
    assert 'name="version" value="3"' in page
