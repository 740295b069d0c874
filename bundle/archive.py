"""The folder of a bundle, its checksums, and the archive made of it."""

import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

from bundle.sbom import OWN_NAME
from bundle.target import describe_target
from bundle.wheels import Wheel, copy_tracked, digest, hashed_requirements

HERE = Path(__file__).parent
CHECKSUMS = "SHA256SUMS"
# Cloister's own folders beside its wheel; what an owner of it needs to read lies beside them.
FOLDERS = ("configs", "sample_docs")
READ_BY_OWNERS = ("LICENSE", "docs/bundle.md", "docs/airgap.md", "docs/deployment.md")
PIP_NAME = "pip"


@dataclass(frozen=True, slots=True)
class Made:
    """A finished archive. `sha256` is also in a file beside it."""

    path: Path
    sha256: str
    size_bytes: int


def fill_folder(folder: Path, wheels: list[Wheel], sbom: str) -> str:
    """Put beside the folder's wheels all else that a bundle holds, the checksums last. Returns the bundle's name."""
    copy_tracked(folder, *FOLDERS, *READ_BY_OWNERS)
    shutil.copyfile(HERE / "README.md", folder / "README.md")
    shutil.copyfile(HERE / "install.sh", folder / "install.sh")
    (folder / "install.sh").chmod(0o755)
    target = describe_target(wheels)
    version = next(wheel.version for wheel in wheels if wheel.name == OWN_NAME)
    (folder / "target.sh").write_text(f"bundle_version='{version}'\n{target.as_shell()}")
    to_install = [wheel for wheel in wheels if wheel.name != PIP_NAME]
    (folder / "requirements.txt").write_text(hashed_requirements(to_install))
    (folder / "sbom.cdx.json").write_text(sbom)
    write_checksums(folder)
    return f"{OWN_NAME}-{version}-{target.name}"


def write_checksums(folder: Path) -> None:
    """List every file of the folder with its SHA-256, in the form that `sha256sum --check` reads."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CHECKSUMS)
    lines = [f"{digest(path)}  {path.relative_to(folder)}\n" for path in files]
    (folder / CHECKSUMS).write_text("".join(lines))


def write_archive(folder: Path, name: str, into: Path, *, epoch: int) -> Made:
    """Write `name`.tar and its checksum. An archive of that name stands until the new one is whole.

    Not compressed: wheels are. Same input, same bytes: order, owners and times are fixed.
    """
    archive, unfinished = into / f"{name}.tar", into / f"{name}.tar.unfinished"

    def fixed(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = epoch
        entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        return entry

    with tarfile.open(unfinished, "w") as tar:
        tar.add(folder, arcname=name, filter=fixed)
    unfinished.replace(archive)
    made = Made(archive, digest(archive), archive.stat().st_size)
    (into / f"{archive.name}.sha256").write_text(f"{made.sha256}  {archive.name}\n")
    return made
