"""The command line as people and scripts use it: real processes, the real small models."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.engines.vector_index.edge import EdgeIndex
from tests.ingest.sources.crawl.site import Site
from tests.promised_fields import ANSWER, CITATION
from tests.running_service import Cloister, RunningService, free_port, serve

POLICY = (
    "# Leave\n\nEvery parent receives 70 days of paid parental leave.\n\n# Pay\n\nA welder earns 3,100 euro a month.\n"
)
QUESTION = "How many days of paid parental leave does every parent receive?"
OUTCOME = {"source", "status", "document_id", "pages", "chunks", "embedded_chunks", "seconds", "error"}
PASSAGE = {"rank", "score", "document_id", "document", "page", "start_char", "end_char", "heading", "text"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two documents, one of which cannot be read."""
    folder = tmp_path_factory.mktemp("policies")
    (folder / "policy.md").write_text(POLICY)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and no more")
    return folder


@pytest.fixture(scope="module")
def cloister(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Cloister:
    """The command on a data folder into which a local `ingest` took both documents."""
    cloister = Cloister(tmp_path_factory.mktemp("local") / "data")
    ingested = cloister("ingest", str(folder), "--json")
    assert ingested.code == 1, ingested.stderr
    outcomes = {outcome["source"]: outcome for outcome in ingested.document["outcomes"]}
    assert {name: outcome["status"] for name, outcome in outcomes.items()} == {
        "policy.md": "indexed",
        "broken.pdf": "failed",
    }
    assert all(set(outcome) >= OUTCOME for outcome in outcomes.values())
    assert outcomes["broken.pdf"]["error"]
    return cloister


@pytest.fixture(scope="module")
def service(cloister: Cloister) -> Iterator[RunningService]:
    """A service on a copy of the same data."""
    data_dir = cloister.data_dir.with_name("served")
    shutil.copytree(cloister.data_dir, data_dir)
    with serve(data_dir) as service:
        yield service
    assert not (data_dir / "service.json").exists(), "a stopped service takes its note with it"


# --- without a service --------------------------------------------------------------------------


def test_documents_jobs_and_text_are_read_without_loading_a_model(cloister: Cloister) -> None:
    (document,) = cloister("documents", "--json").document["documents"]
    assert (document["name"], document["knowledge_base"]) == ("policy.md", "Documents")
    (job,) = cloister("jobs", "--json").document["jobs"]
    assert (job["state"], job["done"], job["total"]) == ("done", 2, 2)
    assert cloister("text", document["id"]).stdout == POLICY.strip()


def test_an_answer_in_this_process_is_one_json_document(cloister: Cloister) -> None:
    asked = cloister("ask", QUESTION, "--json")
    assert asked.code == 0, asked.stderr
    assert set(asked.document) == ANSWER
    assert asked.document["citations"]
    assert all(set(citation) >= CITATION for citation in asked.document["citations"])
    assert "70" in asked.document["answer"]


def test_a_second_owner_of_the_index_is_refused(cloister: Cloister) -> None:
    (model,) = (cloister.data_dir / "index").glob("*/model.json")
    index = EdgeIndex(cloister.data_dir / "index")
    index.open(**json.loads(model.read_text()))
    try:
        refused = cloister("search", "leave", "--json")
    finally:
        index.close()
    assert (refused.code, refused.stdout) == (1, "")
    assert "owns the index folder" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_note_of_a_service_that_is_gone_is_ignored(cloister: Cloister) -> None:
    note = cloister.data_dir / "service.json"
    note.write_text(json.dumps({"url": f"http://127.0.0.1:{free_port()}", "pid": 1}))
    assert cloister("jobs", "--json").code == 0
    note.unlink()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ingest", "/no/such/folder", "--json"], "There is no file or folder /no/such/folder"),
        (["text", "nothing"], "There is no document nothing."),
        (["documents", "--kb", "Moon", "--json"], "There is no knowledge base “Moon”"),
        (["search", "leave", "-k", "0"], "-k"),
    ],
)
def test_the_users_mistake_is_exit_code_2_with_the_words_on_stderr(
    service: RunningService, arguments: list[str], words: str
) -> None:
    refused = service.cloister(*arguments)
    assert (refused.code, refused.stdout) == (2, "")
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr


# --- with a running service ---------------------------------------------------------------------


def test_every_command_goes_through_the_running_service(service: RunningService, folder: Path, tmp_path: Path) -> None:
    cloister = service.cloister
    (again,) = cloister("ingest", str(folder / "policy.md"), "--json").document["outcomes"]
    assert (again["status"], again["embedded_chunks"]) == ("unchanged", 0)
    found = cloister("search", "parental leave", "-k", "1", "--json").document
    (passage,) = found["passages"]
    assert set(passage) >= PASSAGE
    text = cloister("text", passage["document_id"]).stdout
    assert text[passage["start_char"] : passage["end_char"]] == passage["text"]
    assert set(cloister("ask", QUESTION, "--json").document) == ANSWER
    assert {finding["status"] for finding in cloister("doctor", "--json").document["findings"]} <= {"ok", "note"}


def test_a_document_comes_and_goes_through_the_running_service(service: RunningService, tmp_path: Path) -> None:
    (tmp_path / "parking.md").write_text("# Parking\n\nThe red bays are for visitors.\n")
    arguments = ["ingest", str(tmp_path / "parking.md"), "--kb", "House rules", "--json"]
    (outcome,) = service.cloister(*arguments).document["outcomes"]
    assert outcome["status"] == "indexed"
    deleted = service.cloister("delete", outcome["document_id"])
    assert (deleted.code, deleted.stdout) == (0, "Removed 1 documents, 1 chunks, 1 points, 1 files, 1 embeddings.\n")
    assert service.cloister("documents", "--kb", "House rules", "--json").document == {"documents": []}
    assert service.cloister("search", "red bays", "--kb", "House rules", "--json").document == {"passages": []}


def test_the_service_and_the_command_give_the_same_answer(service: RunningService, cloister: Cloister) -> None:
    assert service.cloister("documents", "--json").document == cloister("documents", "--json").document
    assert service.cloister("jobs", "--json").document["jobs"][-1] == cloister("jobs", "--json").document["jobs"][-1]


def test_people_read_words_where_scripts_read_json(service: RunningService) -> None:
    asked = service.cloister("ask", QUESTION)
    assert asked.stdout.count("policy.md: “") >= 1
    assert service.cloister("documents").stdout.startswith("id")


def test_a_second_service_on_the_same_folder_is_refused_and_the_first_stays_known(service: RunningService) -> None:
    refused = service.cloister("serve")
    assert refused.code == 2
    assert f"already, at {service.url}" in refused.stderr
    assert json.loads((service.cloister.data_dir / "service.json").read_text())["url"] == service.url


def test_a_site_is_crawled_and_crawled_again_through_the_running_service(service: RunningService) -> None:
    with Site(host="127.0.0.1").served() as site:
        site.pages = {"/": site.link("/pears", title="Fruit"), "/pears": site.link(title="Pears", text="About pears.")}
        first = service.cloister("crawl", site.url(), "--kb", "Wiki", "--every", "weekly", "--json")
        assert first.code == 0, first.stderr
        assert {"run_id", "pages", "embedded_chunks"} <= first.document.keys()
        assert first.document["pages"]["added"] == 2
        site.pages["/pears"] = site.link(title="Pears", text="About green pears.")
        again = service.cloister("crawl", site.url(), "--kb", "Wiki", "--json").document
        assert (again["pages"]["changed"], again["embedded_chunks"]) == (1, 1)
        changed = service.cloister("changes", again["run_id"])
        assert changed.stdout == f"changed   {site.url('/pears')}\n"
        assert "+About green pears." in service.cloister("changes", again["run_id"], site.url("/pears")).stdout
        (source,) = service.cloister("sources", "--json").document["sources"]
        assert (source["schedule"], source["site"]["is_internal"]) == ("0 2 * * 0", True)
        assert "2 unchanged" in service.cloister("check", source["id"]).stdout
        assert len(service.cloister("runs", source["id"], "--json").document["runs"]) == 3
        assert "paused" in service.cloister("pause", source["id"]).stdout
        assert "hourly" not in service.cloister("schedule", source["id"], "hourly").stdout
        assert service.cloister("unwatch", source["id"]).code == 0


def test_a_site_that_cannot_be_crawled_is_an_error_in_one_sentence(service: RunningService) -> None:
    away = service.cloister("crawl", f"http://127.0.0.1:{free_port()}/", "--kb", "Wiki", "--json")
    assert (away.code, away.stdout) == (1, "")
    assert "cannot be reached" in away.stderr
    wrong = service.cloister("crawl", "wiki.example", "--json")
    assert (wrong.code, wrong.stdout) == (2, "")


def test_chunking_is_tried_measured_and_applied_through_the_running_service(
    service: RunningService, tmp_path: Path
) -> None:
    names = ("apples", "pears", "plums", "quinces", "medlars")
    for name in names:
        (tmp_path / f"{name}.md").write_text(f"# {name}\n\nAll about {name}. They ripen in October.\n")
    assert service.cloister("ingest", *(str(tmp_path / f"{name}.md") for name in names), "--kb", "Fruit").code == 0
    rows = "".join(f"When do {name} ripen?,{name}.md,They ripen in October.\n" for name in names)
    (tmp_path / "set.csv").write_text(f"question,document,quote\n{rows}")
    assert service.cloister("questions", "Fruit", str(tmp_path / "set.csv")).stdout == "5 questions kept.\n"
    assert "pears.md: “They ripen in October.”" in service.cloister("questions", "Fruit").stdout
    assert service.cloister("reindex", "Fruit", "--chunk-size", "32", "--overlap", "0", "--trial").code == 0
    listed = service.cloister("generations", "Fruit", "--json").document["generations"]
    trial = next(each["id"] for each in listed if each["state"] == "trial")
    measured = service.cloister("measure", "Fruit", "--generation", trial)
    assert "recall           1.000" in measured.stdout
    assert "Beside what answers: The difference is within noise" in measured.stdout
    assert service.cloister("activate", trial).code == 0
    assert "active" in service.cloister("generations", "Fruit").stdout
