"""OLE files made by the tests: folders and streams, as Outlook and old Office write them."""

import struct
from collections.abc import Mapping
from typing import Final, Union

Folder = Mapping[str, Union[bytes, "Folder"]]
SECTOR: Final = 512
SMALL_SECTOR: Final = 64
SMALL_BELOW: Final = 4096
NOTHING, END_OF_CHAIN, FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
ROOT, STORAGE, STREAM = 5, 1, 2
MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class _Sectors:
    """Chains of sectors of one size and the table that links them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.content = b""
        self.table: list[int] = []

    def add(self, content: bytes) -> int:
        if not content:
            return END_OF_CHAIN
        first, count = len(self.table), -(-len(content) // self._size)
        self.table += [*range(first + 1, first + count), END_OF_CHAIN]
        self.content += content.ljust(count * self._size, b"\0")
        return first


def ole_file(root: Folder) -> bytes:
    """The bytes of an OLE file with these streams; a folder is a mapping."""
    entries: list[list[object]] = [["Root Entry", ROOT, NOTHING, root]]
    _add_entries(entries, 0)
    large, small = _Sectors(SECTOR), _Sectors(SMALL_SECTOR)
    placed = []
    for name, kind, child, content in entries:
        start, size = 0, 0
        if isinstance(content, bytes):
            size = len(content)
            start = (small if size < SMALL_BELOW else large).add(content)
        placed.append([name, kind, child, start, size])
    placed[0][3:] = [large.add(small.content), len(small.content)]
    small_table = large.add(b"".join(struct.pack("<I", link) for link in small.table))
    siblings = _siblings(entries)
    directory = large.add(
        b"".join(_entry(*fields, sibling) for fields, sibling in zip(placed, siblings, strict=True))  # type: ignore[arg-type]
    )
    fat_sectors = 1
    while (len(large.table) + fat_sectors) * 4 > fat_sectors * SECTOR:
        fat_sectors += 1
    fat_at = len(large.table)
    table = [*large.table, *[FAT_SECTOR] * fat_sectors]
    table += [NOTHING] * (fat_sectors * SECTOR // 4 - len(table))
    header = MAGIC + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIII", 0, fat_sectors, directory, 0, SMALL_BELOW)
    header += struct.pack("<IIII", small_table, -(-len(small.table) * 4 // SECTOR), END_OF_CHAIN, 0)
    header += b"".join(struct.pack("<I", fat_at + n if n < fat_sectors else NOTHING) for n in range(109))
    return header + large.content + b"".join(struct.pack("<I", link) for link in table)


def _add_entries(entries: list[list[object]], parent: int) -> None:
    folder = entries[parent][3]
    assert isinstance(folder, Mapping)
    first = len(entries)
    entries += [[name, STREAM if isinstance(c, bytes) else STORAGE, NOTHING, c] for name, c in folder.items()]
    last = len(entries)
    if last > first:
        entries[parent][2] = first
    for index in range(first, last):
        if entries[index][1] == STORAGE:
            _add_entries(entries, index)


def _siblings(entries: list[list[object]]) -> list[int]:
    """Each entry's right neighbour: the tree of a folder is a chain to the right."""
    right = [NOTHING] * len(entries)
    for _, _, first, content in entries:
        if isinstance(content, Mapping) and isinstance(first, int) and first != NOTHING:
            for index in range(first, first + len(content) - 1):
                right[index] = index + 1
    return right


def _entry(name: str, kind: int, child: int, start: int, size: int, right: int) -> bytes:
    spelled = (name + "\0").encode("utf-16-le")
    made = spelled.ljust(64, b"\0") + struct.pack("<HBBIII", len(spelled), kind, 1, NOTHING, right, child)
    return made + bytes(36) + struct.pack("<IQ", start, size)


# --- Outlook messages ----------------------------------------------------------------------------


def message(
    texts: Mapping[int, str],
    *,
    parts: Folder | None = None,
    binaries: Mapping[int, bytes] | None = None,
    is_inner: bool = False,
) -> Folder:
    """The folder of a message: text properties by id, and its attachments' and recipients' folders."""
    header = bytes(24) if is_inner else bytes(32)
    return {**_properties(header, texts, binaries or {}), **(parts or {})}


def attachment(name: str, content: bytes) -> Folder:
    return _properties(bytes(8), {0x3707: name}, {0x3701: content})


def attached_message(inner: Folder) -> Folder:
    return {**_properties(bytes(8), {0x3001: "inner"}, {}), "__substg1.0_3701000D": inner}


def recipient(name: str, address: str, kind: int = 1) -> Folder:
    number = struct.pack("<HHIIi", 3, 0x0C15, 6, kind, 0)
    return _properties(bytes(8), {0x3001: name, 0x39FE: address}, {}, number)


def _properties(header: bytes, texts: Mapping[int, str], binaries: Mapping[int, bytes], more: bytes = b"") -> Folder:
    streams: dict[str, bytes] = {}
    listed = header
    for kind, values in ((0x001F, {key: text.encode("utf-16-le") for key, text in texts.items()}), (0x0102, binaries)):
        for key, value in values.items():
            listed += struct.pack("<HHIII", kind, key, 6, len(value), 0)
            streams[f"__substg1.0_{key:04X}{kind:04X}"] = value
    return {"__properties_version1.0": listed + more, **streams}
