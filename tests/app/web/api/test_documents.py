"""A document's way through the API: uploaded, found, read, deleted."""

import pytest

from tests.app.web.api.conftest import LEAVE, Api
from tests.pdf_files import build_pdf


def test_an_upload_is_found_and_its_passages_stand_where_they_say(api: Api) -> None:
    accepted = api.upload("leave.md", LEAVE)
    assert accepted.status_code == 202
    job = api.finish(accepted.json()["id"])
    assert (job["state"], job["done"], job["total"]) == ("done", 1, 1)
    (outcome,) = job["outcomes"]
    assert set(outcome) >= {"source", "status", "document_id", "pages", "chunks", "embedded_chunks", "seconds", "error"}
    assert (job["progress"]["percent"], outcome["percent"]) == (100, 100)
    (passage,) = api.post("/search", {"query": "parental leave", "k": 3}).json()["passages"]
    assert (passage["rank"], passage["document"], passage["page"]) == (1, "leave.md", None)
    text = api.get(f"/documents/{passage['document_id']}/text").text
    assert text[passage["start_char"] : passage["end_char"]] == passage["text"]
    assert "70 days" in passage["text"]


def test_offsets_count_code_points_not_bytes(api: Api) -> None:
    id = api.take_in(
        "größe.md", "# Maße 🍞\n\nDie Größe beträgt 80 × 60 cm 🥖.\n\n# Preis\n\nEr kostet 3 € je Stück.\n"
    )
    text = api.get(f"/documents/{id}/text").text
    for passage in api.post("/search", {"query": "Preis Größe"}).json()["passages"]:
        assert text[passage["start_char"] : passage["end_char"]] == passage["text"]


def test_the_same_upload_again_is_unchanged_and_a_new_content_replaces_the_old(api: Api) -> None:
    first = api.take_in("leave.md", LEAVE)
    (again,) = api.finish(api.upload("leave.md", LEAVE).json()["id"])["outcomes"]
    assert (again["status"], again["embedded_chunks"]) == ("unchanged", 0)
    assert api.take_in("leave.md", LEAVE.replace("70", "71")) == first
    (passage,) = api.post("/search", {"query": "parental leave"}).json()["passages"]
    assert "71 days" in passage["text"]


def test_a_deleted_document_is_nowhere(api: Api) -> None:
    id = api.take_in("leave.md", LEAVE)
    assert api.get(f"/documents/{id}").json()["name"] == "leave.md"
    deleted = api.delete(f"/documents/{id}")
    counts = {"documents": 1, "chunks": 1, "points": 1, "tables": 0, "files": 1, "embeddings": 1, "answers": 0}
    assert (deleted.status_code, deleted.json()) == (200, counts)
    assert api.post("/search", {"query": "parental leave"}).json() == {"passages": []}
    assert api.get("/documents").json() == []
    assert {api.get(f"/documents/{id}{part}").status_code for part in ("", "/text", "/file")} == {404}
    assert api.delete(f"/documents/{id}").status_code == 404


def test_a_document_is_read_again_from_its_stored_file(api: Api) -> None:
    id = api.take_in("leave.md", LEAVE)
    before = api.get(f"/documents/{id}").json()
    accepted = api.post(f"/documents/{id}/read-again", None)
    assert accepted.status_code == 202
    (outcome,) = api.finish(accepted.json()["id"])["outcomes"]
    assert (outcome["source"], outcome["status"], outcome["document_id"]) == ("leave.md", "unchanged", id)
    assert api.get(f"/documents/{id}").json() == before
    assert api.post("/documents/nothing/read-again", None).status_code == 404


def test_a_page_with_scripts_is_never_shown_in_the_browser(api: Api) -> None:
    page = "<html><body><script>alert(1)</script><p>Parental leave is 70 days.</p></body></html>"
    file = api.get(f"/documents/{api.take_in('page.html', page)}/file")
    assert file.text == page
    assert file.headers["content-type"] == "application/octet-stream"
    assert file.headers["content-disposition"] == 'attachment; filename="page.html"'
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.headers["content-security-policy"].startswith("sandbox")


def test_a_pdf_opens_in_the_browser(api: Api) -> None:
    content = build_pdf("Every parent receives 70 days of parental leave.")
    file = api.get(f"/documents/{api.take_in('leave.pdf', content)}/file")
    assert file.content == content
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["content-disposition"].startswith("inline")
    assert file.headers["x-content-type-options"] == "nosniff"


def test_a_file_name_cannot_leave_its_folder_or_break_a_header(api: Api) -> None:
    id = api.take_in('../../etc/a";\r\nx.md', LEAVE)
    assert "/" not in api.get(f"/documents/{id}").json()["name"]
    assert "\n" not in api.get(f"/documents/{id}/file").headers["content-disposition"]


def test_a_file_beyond_the_limit_is_refused_and_nothing_of_it_is_kept(api: Api) -> None:
    refused = api.client.post(
        "/api/v1/knowledge-bases/Documents/documents",
        files=[("files", ("small.md", LEAVE)), ("files", ("big.md", b"x" * (1 << 20) + b"xx"))],
    )
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("big.md: The file has 1 MiB and the limit is 1 MiB")
    assert api.get("/jobs").json() == []


def test_one_unreadable_file_does_not_stop_the_others(api: Api) -> None:
    accepted = api.client.post(
        "/api/v1/knowledge-bases/Documents/documents",
        files=[("files", ("leave.md", LEAVE)), ("files", ("broken.pdf", b"%PDF-1.7 no more"))],
    )
    job = api.finish(accepted.json()["id"])
    assert {o["source"]: o["status"] for o in job["outcomes"]} == {"leave.md": "indexed", "broken.pdf": "failed"}
    assert job["state"] == "done"


def test_the_list_of_jobs_counts_their_documents(api: Api) -> None:
    api.take_in("leave.md", LEAVE)
    (job,) = api.get("/jobs").json()
    assert (job["state"], job["done"], job["total"], job["outcomes"]) == ("done", 1, 1, [])


def test_documents_are_listed_by_knowledge_base(api: Api) -> None:
    api.take_in("leave.md", LEAVE, "One")
    api.take_in("leave.md", LEAVE, "Two")
    assert [document["knowledge_base"] for document in api.get("/documents", kb="Two").json()] == ["Two"]
    assert len(api.get("/documents").json()) == 2
    assert api.get("/documents", kb="Three").status_code == 404


@pytest.mark.parametrize("name", ["", "x" * 101])
def test_a_knowledge_base_needs_a_name(api: Api, name: str) -> None:
    assert api.post("/knowledge-bases", {"name": name}).status_code == 422
