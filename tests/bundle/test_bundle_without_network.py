"""The whole way: the real bundle is made, carried to a machine without a network, installed, started and asked.

It moves some gigabytes, takes minutes and asks the index that pip is set up with, so it is run where
CLOISTER_TEST_BUNDLE=1 asks for it.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bundle.__main__ import make_bundle
from bundle.sbom import require_valid
from bundle.wheels import PROJECT
from tests.bundle.test_sbom import locked

ALONE = ["unshare", "--user", "--map-root-user", "--net"]
GOLDEN = yaml.safe_load((PROJECT / "tests" / "golden.yaml").read_text())["answerable"][0]
LONGEST_S = 3600

pytestmark = pytest.mark.timeout(LONGEST_S)


@dataclass(frozen=True, slots=True)
class Proof:
    """What was made, and what was seen on the machine without a network."""

    sbom: str
    checksums: list[str]
    seen: Any


@pytest.fixture(scope="module")
def proof() -> Iterator[Proof]:
    if os.environ.get("CLOISTER_TEST_BUNDLE") != "1":
        pytest.skip("OFFLINE INSTALLATION NOT PROVEN: set CLOISTER_TEST_BUNDLE=1 to make and install the real bundle")
    if not shutil.which("unshare") or subprocess.run([*ALONE, "true"], capture_output=True).returncode:
        pytest.skip("OFFLINE INSTALLATION NOT PROVEN: this machine lets nobody make a network namespace")
    # Not below tmp_path, of which pytest keeps some: gigabytes.
    with tempfile.TemporaryDirectory(prefix="cloister-bundle-") as place:
        yield prove(Path(place))


def prove(place: Path) -> Proof:
    started = time.monotonic()
    wheels, made = make_bundle(place / "made")
    make_s = time.monotonic() - started
    with tarfile.open(made.path) as tar:
        tar.extractall(place, filter="data")
    made.path.unlink()
    bundle = place / made.path.stem
    sbom, checksums = (bundle / "sbom.cdx.json").read_text(), (bundle / "SHA256SUMS").read_text().splitlines()
    seen = visit_unconnected_machine(place, bundle)
    print(
        f"\n{made.path.name}: {made.size_bytes / 1e6:,.0f} MB, {wheels} wheels, made in {make_s:.0f} s; installed in "
        f"{seen['install_s']:.0f} s; from start to ready {seen['ready_s']:.0f} s, samples {seen['samples_s']:.0f} s, "
        f"first answer {seen['first_answer_s']:.0f} s"
    )
    return Proof(sbom, checksums, seen)


def visit_unconnected_machine(place: Path, bundle: Path) -> Any:
    command = [sys.executable, "-m", "tests.bundle.unconnected_machine", bundle, place / "dest", GOLDEN["question"]]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)}
    done = subprocess.run([*ALONE, *command], cwd=place, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_installed_service_answers_a_golden_question_from_the_right_document(proof: Proof) -> None:
    cited = [(citation["document"], citation["page"]) for citation in proof.seen["answer"]["citations"]]
    assert (GOLDEN["document"], GOLDEN["page"]) in cited, proof.seen["answer"]
    assert all(words in proof.seen["answer"]["answer"] for words in GOLDEN["answer_contains"])


def test_every_part_of_the_installed_service_works(proof: Proof) -> None:
    assert {finding["status"] for finding in proof.seen["doctor"]["findings"]} <= {"ok", "note"}
    names = {document["name"] for document in proof.seen["documents"]["documents"]}
    assert {file.name for file in (PROJECT / "sample_docs").iterdir() if file.is_file()} <= names


def test_the_bill_of_materials_of_the_real_bundle_names_every_wheel_in_it(proof: Proof) -> None:
    components = json.loads(require_valid(proof.sbom))["components"]
    sha256_by_ref = {each["bom-ref"]: each["hashes"][0]["content"] for each in components}
    listed = dict(reversed(line.split("  ", 1)) for line in proof.checksums)  # type: ignore[arg-type]
    wheels = {path.removeprefix("wheels/"): sha256 for path, sha256 in listed.items() if path.startswith("wheels/")}
    assert sha256_by_ref == wheels
    assert len(wheels) == len(locked()) + len(["cloister", "pip"])
    assert all(each["licenses"] for each in components)
