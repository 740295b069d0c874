"""XML out of packages of strangers: no entities, no network, no DTD."""

import zipfile
from typing import Any, Final

from lxml import etree  # type: ignore[import-untyped]

PARSER: Final = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}


def read_xml(package: zipfile.ZipFile, member: str) -> Any:
    """The root element of a member. Raises KeyError where it is missing, SyntaxError where it is no XML."""
    return parse_xml(package.read(member))


def parse_xml(content: bytes) -> Any:
    """The root element. Raises SyntaxError where the bytes are no XML."""
    return etree.fromstring(content, etree.XMLParser(**PARSER))


def find_text(root: Any, path: str, names: dict[str, str]) -> str:
    """The words of the first element at this path, or ""."""
    found = root.find(path, names)
    return "" if found is None else " ".join("".join(found.itertext()).split())
