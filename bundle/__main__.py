"""`python -m bundle`: make the archive in `dist/`, and say how large it is and which licences deserve a look."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bundle.archive import Made, fill_folder, write_archive
from bundle.licences import read_known_licences
from bundle.sbom import build_components, build_sbom, list_copyleft
from bundle.wheels import PROJECT, BundleError, collect_wheels


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 with one sentence where no bundle could be made; then no archive was touched."""
    options = _read(arguments)
    try:
        wheels, made = make_bundle(options.into, extra_index=options.extra_index_url)
    except BundleError as exc:
        print(exc, file=sys.stderr)
        return 1
    _tell(wheels, made)
    return 0


def make_bundle(into: Path, *, extra_index: str = "") -> tuple[int, Made]:
    """Make the archive of this checkout, for machines like this one, in a folder.

    Asks the index that pip is set up with. Returns how many wheels are in it. Raises BundleError.
    """
    epoch = commit_time()
    into.mkdir(parents=True, exist_ok=True)
    # Beside the archive, where there must be room for it anyway.
    with tempfile.TemporaryDirectory(prefix=".making-", dir=into) as making:
        folder = Path(making)
        (folder / "wheels").mkdir()
        wheels = collect_wheels(folder / "wheels", epoch=epoch, extra_index=extra_index)
        components = build_components(wheels, read_known_licences())
        name = fill_folder(folder, wheels, build_sbom(components, epoch=epoch))
        made = write_archive(folder, name, into, epoch=epoch)
    print("Licences that deserve a look before the bundle is passed on:", *list_copyleft(components), sep="\n  ")
    return len(wheels), made


def commit_time() -> int:
    """Seconds since 1970 that stand for now in what is made, so that the same commit gives the same bytes."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    told = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=PROJECT, capture_output=True, text=True)
    if told.returncode:
        raise BundleError(f"git does not say which commit this is; make the bundle in a checkout. {told.stderr}")
    return int(told.stdout)


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bundle", description=__doc__)
    parser.add_argument("--into", type=Path, default=PROJECT / "dist", help="the folder for the archive")
    parser.add_argument("--extra-index-url", default="", help="where PyTorch's CPU build is, if pip does not know")
    return parser.parse_args(arguments)


def _tell(wheels: int, made: Made) -> None:
    print(f"{made.path}: {made.size_bytes / 1e6:,.0f} MB, {wheels} wheels")
    print(f"SHA-256 {made.sha256}: carry this by another way than the archive, and compare.")


if __name__ == "__main__":
    sys.exit(main())
