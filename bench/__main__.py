"""`python -m bench [name …] [--quick | --full]`: run benchmarks, print a table of each, keep the figures."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from bench.machine import REPOSITORY
from bench.report import Result, print_result, save_result
from bench.sizes import Size

BENCHMARKS = (
    "ingest",
    "search",
    "first_token",
    "conversation",
    "startup",
    "quality",
    "abstention",
    "condense",
    "parsers",
    "mutants",
    "kills",
    "load",
    "chatting",
    "lists",
    "tables",
    "crawl",
    "reindex",
    "lab",
    "speech",
    "injection",
    "tools",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Several benchmarks run one after the other, each in a process of its own, so that none warms the next."""
    options = _read(arguments)
    names: Sequence[str] = options.names or BENCHMARKS
    if len(names) > 1:
        return max([_run_apart(name, options) for name in names])
    name = names[0]
    result: Result = import_module(f"bench.{name}").run(options.size)
    print_result(name, result)
    print(save_result(name, options.size, result, options.results))
    return 0


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", choices=[[], *BENCHMARKS], help=", ".join(BENCHMARKS))
    size = parser.add_mutually_exclusive_group()
    for each, help_text in (
        (Size.TINY, "only show that everything runs"),
        (Size.QUICK, "less of everything"),
        (Size.FULL, "also the slow retrieval sets, and a search in 100,000 chunks"),
    ):
        size.add_argument(f"--{each}", dest="size", action="store_const", const=each, help=help_text)
    parser.add_argument("--results", type=Path, default=REPOSITORY / "bench" / "results", help="folder for the JSON")
    parser.set_defaults(size=Size.NORMAL)
    return parser.parse_args(arguments)


def _run_apart(name: str, options: argparse.Namespace) -> int:
    size = [] if options.size is Size.NORMAL else [f"--{options.size}"]
    command = [sys.executable, "-m", "bench", name, *size, "--results", str(options.results)]
    return subprocess.run(command, cwd=REPOSITORY, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
