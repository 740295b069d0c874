"""Under which licence a wheel is, as its metadata says it, in the words of SPDX where that is possible."""

import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from cyclonedx.contrib.license.exceptions import InvalidLicenseExpressionException, InvalidSpdxLicenseException
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import AttachedText
from cyclonedx.model.license import DisjunctiveLicense, License, LicenseAcknowledgement, LicenseExpression

from bundle.wheels import BundleError, Wheel

LONGEST_NAME: Final = 100
TROVE: Final = "License :: "
COPYLEFT: Final = ("GPL", "MPL", "EPL", "EUPL", "CDDL", "OSL", "CC-BY-SA")
# What people write instead of SPDX's identifiers, in lower case, without "license", "the", "version" and signs.
MEANT: Final = MappingProxyType(
    {
        "apache 2": "Apache-2.0",
        "apache 2 0": "Apache-2.0",
        "apache software": "Apache-2.0",
        "bsd 3 clause": "BSD-3-Clause",
        "3 clause bsd": "BSD-3-Clause",
        "isc": "ISC",
        "isc iscl": "ISC",
        "mit": "MIT",
        "mit mit": "MIT",
        "mozilla public 2 0 mpl 2 0": "MPL-2.0",
        "psfl": "PSF-2.0",
        "python software foundation": "PSF-2.0",
    }
)
_NOISE: Final = frozenset({"license", "licence", "the", "version"})
T = TypeVar("T")
_factory = LicenseFactory()


@dataclass(frozen=True, slots=True)
class KnownLicences:
    """licences.toml: by package, by model file and by native library; the latter two by a pattern of paths."""

    packages: dict[str, str]
    models: dict[str, dict[str, str]]
    libraries: dict[str, str]


def read_known_licences() -> KnownLicences:
    """What we know beyond the wheels' metadata."""
    return KnownLicences(**tomllib.loads(Path(__file__).with_name("licences.toml").read_text(encoding="utf-8")))


def get_licences(wheel: Wheel, known: KnownLicences) -> list[License]:
    """The licences of a wheel, at least one: an SPDX id or expression, else a name, with the text where there is one.

    Raises BundleError for a wheel that says nothing and that licences.toml does not name.
    """
    if stated := known.packages.get(wheel.name):
        return [as_licence(stated, LicenseAcknowledgement.CONCLUDED)]
    found = _from_metadata(wheel) or _from_files(wheel)
    if not found:
        raise BundleError(f"{wheel.path.name} does not say its licence; find it and add it to bundle/licences.toml.")
    return found


def as_licence(stated: str, acknowledgement: LicenseAcknowledgement = LicenseAcknowledgement.DECLARED) -> License:
    """A licence from what somebody wrote: an id, an expression, or, where SPDX does not know it, a name."""
    meant = MEANT.get(_plain(stated), stated)
    try:
        return _factory.make_with_id(meant, acknowledgement=acknowledgement)
    except InvalidSpdxLicenseException:
        pass
    try:
        return _factory.make_with_expression(meant, acknowledgement=acknowledgement)
    except InvalidLicenseExpressionException:
        return _factory.make_with_name(meant, acknowledgement=acknowledgement)


def match_path(path: str, by_pattern: dict[str, T]) -> T | None:
    """What the first pattern that fits a path in a wheel stands for."""
    return next((value for pattern, value in by_pattern.items() if fnmatchcase(path, pattern)), None)


def in_words(licence: License) -> str:
    """Its SPDX id or expression, else its name."""
    return licence.value if isinstance(licence, LicenseExpression) else licence.id or licence.name or ""


def is_copyleft(licence: License) -> bool:
    """Whether a licence asks that changes, or all of what it is linked into, be passed on under the same terms.

    GCC's run-time libraries make an exception for whoever merely runs on them.
    """
    words = in_words(licence)
    return any(name in words for name in COPYLEFT) and "GCC-exception" not in words


def _from_metadata(wheel: Wheel) -> list[License]:
    """Newer wheels have an expression (PEP 639); older ones a field for anything and classifiers."""
    stated = str(wheel.metadata["License-Expression"] or wheel.metadata["License"] or "").strip()
    if stated and len(stated) <= LONGEST_NAME and "\n" not in stated:
        return [as_licence(stated)]
    classifiers = [str(each) for each in wheel.metadata.get_all("Classifier", []) if str(each).startswith(TROVE)]
    if names := [each.split(" :: ")[-1] for each in classifiers if each.count(" :: ") > 1 or "Public" in each]:
        return [as_licence(name) for name in names]
    return [_with_text(stated)] if stated else []


def _from_files(wheel: Wheel) -> list[License]:
    with zipfile.ZipFile(wheel.path) as archive:
        return [_with_text(archive.read(name).decode("utf-8", "replace")) for name in _licence_files(archive)]


def _licence_files(archive: zipfile.ZipFile) -> Iterator[str]:
    for name in archive.namelist():
        last = name.rsplit("/", 1)[-1].upper()
        if ".dist-info/" in name and last.startswith(("LICENSE", "LICENCE", "COPYING")):
            yield name


def _with_text(text: str) -> DisjunctiveLicense:
    name = text.strip().splitlines()[0][:LONGEST_NAME]
    return DisjunctiveLicense(
        name=name, text=AttachedText(content=text), acknowledgement=LicenseAcknowledgement.DECLARED
    )


def _plain(stated: str) -> str:
    words = "".join(sign if sign.isalnum() else " " for sign in stated.lower()).split()
    return " ".join(word for word in words if word not in _NOISE)
