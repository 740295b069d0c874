"""Jobs through the API: progress, cancelling, trying again, forgetting; pages as pictures; watched folders."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.services import Services
from tests.app.web.api.conftest import LEAVE, Api
from tests.pdf_files import build_pdf

BROKEN = b"%PDF-1.7 broken from here on"


def yellow_share(png: bytes) -> float:
    """The part of a picture that is highlighted."""
    red, green, blue = np.moveaxis(np.asarray(Image.open(io.BytesIO(png)).convert("RGB")), 2, 0)
    return float(((red > 240) & (green > 200) & (blue < 200)).mean())


def test_a_failed_upload_is_tried_again_with_a_password(api: Api) -> None:
    failed = api.finish(api.upload("recipe.pdf", build_pdf("The secret is rye.", password="rye")).json()["id"])
    assert (failed["failed"], failed["outcomes"][0]["status"]) == (1, "failed")
    again = api.finish(api.post(f"/jobs/{failed['id']}/retry", {"password": "rye"}).json()["id"])
    assert again["outcomes"][0]["status"] == "indexed"
    assert api.post(f"/jobs/{again['id']}/retry", {}).status_code == 422


def test_an_upload_may_bring_its_password(api: Api) -> None:
    content = build_pdf("The secret is rye.", password="rye")
    files = [("files", ("recipe.pdf", content))]
    accepted = api.client.post("/api/v1/knowledge-bases/Documents/documents", files=files, data={"password": "rye"})
    assert api.finish(accepted.json()["id"])["outcomes"][0]["status"] == "indexed"
    page = api.get(f"/documents/{api.get('/documents').json()[0]['id']}/pages/1.png")
    assert page.headers["content-type"] == "image/png"


def test_a_job_can_be_read_without_its_documents(api: Api) -> None:
    id = api.upload("leave.md", LEAVE).json()["id"]
    api.finish(id)
    assert api.get(f"/jobs/{id}", outcomes="false").json()["outcomes"] == []
    progress = api.get(f"/jobs/{id}").json()["progress"]
    assert (progress["percent"], progress["chunks"], progress["seconds_left"]) == (100, 1, 0)


def test_a_job_that_is_over_can_be_forgotten(api: Api) -> None:
    id = api.upload("broken.pdf", BROKEN).json()["id"]
    api.finish(id)
    assert api.delete(f"/jobs/{id}").status_code == 204
    assert api.get(f"/jobs/{id}").status_code == 404


def test_cancelling_a_job_that_is_over_changes_nothing(api: Api) -> None:
    id = api.upload("leave.md", LEAVE).json()["id"]
    api.finish(id)
    assert api.post(f"/jobs/{id}/cancel", None).json()["state"] == "done"
    assert api.post("/jobs/nothing/cancel", None).status_code == 404


def test_a_page_is_a_picture_with_the_passage_highlighted(api: Api) -> None:
    id = api.take_in("leave.pdf", build_pdf("Parents receive 70 days of paid leave.\nOthers receive none."))
    (passage, *_) = api.post("/search", {"query": "70 days of paid leave"}).json()["passages"]
    plain = api.get(f"/documents/{id}/pages/1.png", width="400").content
    start, end = passage["start_char"], passage["end_char"]
    marked = api.get(f"/documents/{id}/pages/1.png", width="400", start=str(start), end=str(end)).content
    assert yellow_share(plain) == 0
    assert 0.001 < yellow_share(marked) < 0.2
    assert api.get(f"/documents/{id}/pages/2.png").status_code == 404
    assert api.get(f"/documents/{id}/pages/0.png").status_code == 422


def test_only_what_has_pages_has_pictures_of_them(api: Api) -> None:
    refused = api.get(f"/documents/{api.take_in('leave.md', LEAVE)}/pages/1.png")
    assert refused.status_code == 422
    assert "only PDFs and pictures" in refused.json()["detail"]


def test_a_folder_is_watched_until_it_is_not(api: Api, tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    (folder / "leave.md").write_text(LEAVE)
    source = api.post("/knowledge-bases/Share/folders", {"path": str(folder), "schedule": "nightly"}).json()
    assert (source["schedule"], source["knowledge_base"], source["error"]) == ("0 2 * * *", "Share", None)
    assert [each["id"] for each in api.get("/sources").json()] == [source["id"]]
    assert api.post(f"/sources/{source['id']}/check", None).status_code == 202
    assert api.delete(f"/sources/{source['id']}").status_code == 204
    assert api.get("/sources").json() == []


@pytest.mark.parametrize("body", [{"path": "/nowhere", "schedule": "nightly"}, {"path": "/", "schedule": "sometimes"}])
def test_what_cannot_be_watched_is_refused(api: Api, body: dict[str, str]) -> None:
    assert api.post("/knowledge-bases/Share/folders", body).status_code == 422


def test_nobody_but_an_admin_stops_or_repeats_or_watches(reach: Callable[[str], Api], services: Services) -> None:
    nobody = reach("")
    for path in ("/jobs/x/cancel", "/jobs/x/retry", "/sources/x/check", "/knowledge-bases/x/folders"):
        assert nobody.post(path, {"path": "/", "schedule": "nightly"}).status_code == 401
    assert nobody.get("/sources").status_code == 401
    assert nobody.delete("/jobs/x").status_code == nobody.delete("/sources/x").status_code == 401
