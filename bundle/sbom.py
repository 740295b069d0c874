"""The bill of materials: every wheel, and the models and native libraries inside, with licence and hash (CycloneDX)."""

import hashlib
import re
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License, LicenseAcknowledgement
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from bundle.licences import KnownLicences, as_licence, get_licences, in_words, is_copyleft, match_path
from bundle.wheels import BundleError, Wheel

WEIGHTS: Final = (".gguf", ".safetensors", ".onnx", ".bin", ".pt", ".pth", ".tflite")
# Smaller files with these endings are examples and tests of libraries.
LEAST_WEIGHTS_BYTES: Final = 64 * 1024
NATIVE_LIBRARY: Final = re.compile(r"(^|/)lib[^/]+\.so(\.[^/]*)?$")
EXTENSION_MODULE: Final = re.compile(r"\.(cpython-|abi3)")
OWN_NAME: Final = "cloister"


def build_components(wheels: Iterable[Wheel], known: KnownLicences) -> list[Component]:
    """A component per wheel, with the models and native libraries in it. Raises BundleError for a missing licence."""
    return [_as_component(wheel, known) for wheel in wheels]


def build_sbom(components: Sequence[Component], *, epoch: int) -> str:
    """CycloneDX 1.6 as JSON, the same for the same components, checked against the schema's strict form."""
    own = next(each for each in components if each.name == OWN_NAME)
    product = Component(type=ComponentType.APPLICATION, name=own.name, version=own.version, bom_ref="bundle")
    digests = "".join(found.content for each in components for found in each.hashes)
    bom = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_OID, digests),
        metadata=BomMetaData(timestamp=datetime.fromtimestamp(epoch, UTC), component=product),
        components=components,
    )
    bom.register_dependency(product, components)
    return require_valid(JsonV1Dot6(bom).output_as_string(indent=2))


def require_valid(sbom: str) -> str:
    """The same text. Raises BundleError where it is no strictly valid CycloneDX 1.6."""
    if problem := JsonStrictValidator(SchemaVersion.V1_6).validate_str(sbom):
        raise BundleError(f"The bill of materials is not valid CycloneDX 1.6: {problem}")
    return sbom


def list_copyleft(components: Iterable[Component]) -> list[str]:
    """A line per licence and wheel: what it asks of those who pass the bundle on, they should know."""
    found: dict[tuple[str, str], list[str]] = {}
    for wheel in components:
        for each in (wheel, *wheel.components):
            for licence in filter(is_copyleft, each.licenses):
                found.setdefault((in_words(licence), wheel.name), []).append(each.name)
    return [
        f"{licence}: {wheel}" + "".join(f", {_short(name)}" for name in names if name != wheel)
        for (licence, wheel), names in sorted(found.items())
    ]


def _as_component(wheel: Wheel, known: KnownLicences) -> Component:
    purl = PackageURL("pypi", name=wheel.name, version=wheel.version)
    return Component(
        type=ComponentType.LIBRARY,
        name=wheel.name,
        version=wheel.version,
        bom_ref=wheel.path.name,
        purl=purl,
        licenses=get_licences(wheel, known),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=wheel.sha256)],
        components=list(_contents(wheel, known, purl)),
    )


def _contents(wheel: Wheel, known: KnownLicences, purl: PackageURL) -> Iterator[Component]:
    with zipfile.ZipFile(wheel.path) as archive:
        for entry in archive.infolist():
            path = entry.filename
            if path.endswith(WEIGHTS) and entry.file_size >= LEAST_WEIGHTS_BYTES:
                kind, licences = ComponentType.MACHINE_LEARNING_MODEL, [_licence_of_model(path, known)]
            elif NATIVE_LIBRARY.search(path) and not EXTENSION_MODULE.search(path):
                kind, licences = ComponentType.LIBRARY, list(_licence_of_library(path, known))
            else:
                continue
            yield Component(
                type=kind,
                name=path,
                version=wheel.version,
                bom_ref=f"{wheel.path.name}!{path}",
                purl=PackageURL("pypi", name=purl.name, version=purl.version, subpath=path),
                licenses=licences,
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=_digest(archive, entry))],
            )


def _licence_of_model(path: str, known: KnownLicences) -> License:
    stated = match_path(path, known.models)
    if stated is None:
        raise BundleError(f"Nothing says the licence of the model {path}; find it and add it to bundle/licences.toml.")
    return as_licence(stated["licence"], LicenseAcknowledgement.CONCLUDED)


def _licence_of_library(path: str, known: KnownLicences) -> Iterator[License]:
    if stated := match_path(path, known.libraries):
        yield as_licence(stated, LicenseAcknowledgement.CONCLUDED)


def _digest(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    with archive.open(entry) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _short(path: str) -> str:
    """A library's name without the digest and the version that its file carries."""
    return re.split(r"[-.]", path.rsplit("/", 1)[-1], maxsplit=1)[0]
