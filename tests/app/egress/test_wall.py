"""Behind the wall only what is on the list is reached, whoever asks and however."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from app.settings import PROJECT_DIR
from tests.app.egress.features_behind_the_wall import FEATURES

REFUSED = [
    "public address",
    "public address, connect_ex",
    "IPv6",
    "mapped IPv6",
    "sendto",
    "sendmsg",
    "broadcast",
    "name",
    "name as bytes",
    "name, old call",
    "name given to a socket",
    "name given to sendto",
    "reverse",
    "reverse, newer call",
    "name in asyncio",
    "unknown private address",
    "metadata",
    "raw socket of C",
    "rebound",
]
LET_THROUGH = [
    "loopback",
    "loopback IPv6",
    "localhost",
    "unix socket",
    "listed network",
    "internal name",
    "internal name's address",
    "host of the settings",
    "added later",
]


def run(module: str) -> Any:
    """What a process says that raised the wall in itself."""
    done = subprocess.run([sys.executable, "-m", module], cwd=PROJECT_DIR, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def said() -> Any:
    return run("tests.app.egress.behind_the_wall")


@pytest.mark.parametrize("attempt", REFUSED)
def test_what_is_not_on_the_list_is_refused_in_a_sentence(said: Any, attempt: str) -> None:
    sentence = said["outcomes"][attempt]
    assert sentence.endswith("Nothing was sent. If it is meant to be asked, name it in egress.allow."), sentence


@pytest.mark.parametrize("attempt", LET_THROUGH)
def test_what_is_on_the_list_is_let_through(said: Any, attempt: str) -> None:
    assert said["outcomes"][attempt] == "let through"


def test_every_attempt_is_in_one_of_the_two_lists(said: Any) -> None:
    assert sorted(said["outcomes"]) == sorted(REFUSED + LET_THROUGH)


def test_a_refused_name_is_not_even_looked_up(said: Any) -> None:
    assert "collector.example.com" not in said["looked_up"]
    assert "wiki.internal" in said["looked_up"]


def test_a_name_that_answers_with_a_public_address_is_told_by_its_name(said: Any) -> None:
    assert said["outcomes"]["rebound"].startswith("rebound.internal is at 8.8.8.8, where it may not be asked.")


def test_each_refusal_is_told_with_host_port_and_asker(said: Any) -> None:
    assert len(said["told"]) == len(REFUSED)
    assert ["93.184.216.77", 443, "__main__"] in said["told"]
    assert ["collector.example.com", 443, "__main__"] in said["told"]
    assert all(asker == "__main__" for _, _, asker in said["told"]), said["told"]


@pytest.fixture(scope="module")
def features() -> Any:
    return run("tests.app.egress.features_behind_the_wall")


@pytest.mark.parametrize("feature", [each.__name__ for each in FEATURES])
def test_a_feature_that_is_refused_names_the_host_and_the_setting(features: Any, feature: str) -> None:
    sentence = features["said"][feature]
    assert re.match(r"[\w.]+(example|\.com) is not on the list", sentence), sentence
    assert "egress.allow" in sentence


def test_an_asker_is_our_module_and_the_library_that_it_called(features: Any) -> None:
    assert "generator.example: app.engines.generators.endpoint" in features["askers"]
    assert "embedder.example: app.engines.embedders.endpoint → openai" in features["askers"]
    assert "index.example: app.engines.vector_index.server → qdrant_client" in features["askers"]
    assert "firecrawl.example: ingest.sources.crawl.firecrawl → firecrawl" in features["askers"]
    assert "page.example: app.tools.web.fetch" in features["askers"]
