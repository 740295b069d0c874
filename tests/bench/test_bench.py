import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from bench.__main__ import BENCHMARKS, main
from bench.kills import Logged, count_lost, count_needless
from bench.machine import REPOSITORY
from bench.report import compare

# They look at all processes that their own has started, or fork it.
APART = ("kills", "load", "startup", "reindex", "chatting")
# Together they take five minutes: `.ci/run` asks for them.
SLOW = (*APART, "abstention", "conversation", "crawl", "quality", "tables", "tools")
ASKED_FOR = "CLOISTER_TEST_BENCH"


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_prints_a_table_and_keeps_its_figures(name: str, tmp_path: Path) -> None:
    if name in SLOW and not os.environ.get(ASKED_FOR):
        pytest.skip(f"THE BENCHMARK {name} IS NOT TRIED: it takes minutes; set {ASKED_FOR}=1 for it")
    printed = run_apart(name, tmp_path) if name in APART else run_here(name, tmp_path)
    (path,) = tmp_path.glob(f"{name}-*.json")
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert set(kept) == {"benchmark", "size", "measured_at", "commit", "machine", "figures", "notes"}
    assert {"cpu", "cores", "python", "packages"} <= set(kept["machine"])
    assert kept["figures"]
    for figure in kept["figures"]:
        assert set(figure) == {"name", "unit", "ours", "limit", "ratio", "target", "is_met", "group"}
        assert figure["ours"] >= 0
        assert figure["name"][:20] in printed


def run_apart(name: str, results: Path) -> str:
    command = [sys.executable, "-m", "bench", name, "--tiny", "--results", str(results)]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def run_here(name: str, results: Path) -> str:
    """In this process Python, the libraries and the samples are there already."""
    with redirect_stdout(StringIO()) as printed:
        assert main([name, "--tiny", "--results", str(results)]) == 0
    return printed.getvalue()


def test_a_ratio_is_the_median_of_the_pairs_and_not_the_ratio_of_the_medians() -> None:
    figure = compare("speed", "pages/s", [8.0, 1.0, 9.0], [10.0, 10.0, 10.0], at_least=0.8)

    assert figure.ratio == 0.8
    assert figure.is_met


def test_a_text_that_two_processes_computed_was_lost_in_the_first_ones_kill() -> None:
    first, again, other = (Logged(process, text, True, False) for process, text in ((0, "a"), (1, "a"), (1, "b")))

    assert count_lost([first, again, other]) == {0: 1}
    assert count_needless([first, again, other]) == 0


def test_computing_what_is_stored_and_computing_twice_in_one_process_is_needless() -> None:
    once = Logged(0, "a", True, False)
    stored = Logged(1, "b", True, True)

    assert count_needless([once, once, stored]) == 2
