"""What a Word paragraph is: a heading of some level, an item of a list, or neither."""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

from docx.oxml.ns import qn

VALUE = qn("w:val")
HEADING_NAME = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop) ?(\d)", re.IGNORECASE)
ROMAN: Final = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
                (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
BODY_LEVEL: Final = 9


@dataclass(frozen=True, slots=True)
class ListItem:
    """`label` is what stands before the text: "-" or a number such as "2.1."."""

    label: str
    depth: int
    is_numbered: bool


@dataclass(frozen=True, slots=True)
class _Level:
    format: str
    pattern: str
    start: int


class Styles:
    """Resolves styles and numbering of one document; counts its numbered items in the order they are asked for."""

    def __init__(self, document: Any) -> None:
        self._styles = {style.get(qn("w:styleId")): style for style in document.styles.element.iter(qn("w:style"))}
        self._levels = _read_levels(document)
        self._counts: defaultdict[str, dict[int, int]] = defaultdict(dict)

    def heading_level(self, paragraph: Any) -> int:
        """1 to 6, or 0 for no heading; the title counts as 1."""
        for properties in self._chain(paragraph):
            outline = properties.find(qn("w:outlineLvl"))
            if outline is not None:
                level = int(outline.get(VALUE))
                return 0 if level >= BODY_LEVEL else min(level + 1, 6)
        return self._level_by_name(paragraph)

    def list_item(self, paragraph: Any) -> ListItem | None:
        """The item that the paragraph is, with its number counted on."""
        number_id, depth = self._numbering(paragraph)
        levels = self._levels.get(number_id or "")
        if number_id in (None, "0") or levels is None:
            return self._item_by_name(paragraph)
        level = levels.get(depth, _Level("bullet", "", 1))
        if level.format in ("bullet", "none"):
            return ListItem("-", depth, is_numbered=False)
        return ListItem(self._counted(str(number_id), depth, levels), depth, is_numbered=True)

    def _counted(self, number_id: str, depth: int, levels: dict[int, _Level]) -> str:
        counts = self._counts[number_id]
        counts[depth] = counts.get(depth, levels[depth].start - 1) + 1
        for deeper in [other for other in counts if other > depth]:
            del counts[deeper]

        def shown(found: re.Match[str]) -> str:
            index = int(found.group(1)) - 1
            level = levels.get(index, levels[depth])
            return _numeral(counts.get(index, level.start), level.format)

        return re.sub(r"%(\d)", shown, levels[depth].pattern) or "-"

    def _numbering(self, paragraph: Any) -> tuple[str | None, int]:
        """Number id and depth; the paragraph's own come before its style's."""
        number_id, depth = None, None
        for properties in self._chain(paragraph):
            numbering = properties.find(qn("w:numPr"))
            if numbering is None:
                continue
            own_id, own_depth = numbering.find(qn("w:numId")), numbering.find(qn("w:ilvl"))
            if number_id is None and own_id is not None:
                number_id = own_id.get(VALUE)
            if depth is None and own_depth is not None:
                depth = int(own_depth.get(VALUE))
        return number_id, min(depth or 0, 8)

    def _chain(self, paragraph: Any) -> list[Any]:
        """Paragraph properties from the paragraph up through the styles it is based on."""
        found = [properties for properties in (paragraph.find(qn("w:pPr")),) if properties is not None]
        for style in self._style_chain(paragraph):
            properties = style.find(qn("w:pPr"))
            if properties is not None:
                found.append(properties)
        return found

    def _style_chain(self, paragraph: Any) -> list[Any]:
        reference = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        chain: list[Any] = []
        while reference is not None:
            style = self._styles.get(reference.get(VALUE))
            if style is None or style in chain:
                break
            chain.append(style)
            reference = style.find(qn("w:basedOn"))
        return chain

    def _level_by_name(self, paragraph: Any) -> int:
        for name in self._names(paragraph):
            if name == "title":
                return 1
            if found := HEADING_NAME.fullmatch(name):
                return min(max(int(found.group(1)), 1), 6)
        return 0

    def _item_by_name(self, paragraph: Any) -> ListItem | None:
        for name in self._names(paragraph):
            if name.startswith(("list bullet", "list number")):
                depth = int(name[-1]) - 1 if name[-1].isdigit() else 0
                return ListItem("-", depth, is_numbered=False)
        return None

    def _names(self, paragraph: Any) -> list[str]:
        names = [style.find(qn("w:name")) for style in self._style_chain(paragraph)]
        return [str(name.get(VALUE)).lower() for name in names if name is not None]


def _read_levels(document: Any) -> dict[str, dict[int, _Level]]:
    """Levels by number id. A document without numbering has none."""
    related = [part for part in document.part.rels.values() if part.reltype.endswith("/numbering")]
    if not related or related[0].is_external:
        return {}
    root = related[0].target_part.element
    abstract = {
        element.get(qn("w:abstractNumId")): {
            int(level.get(qn("w:ilvl"))): _level(level) for level in element.findall(qn("w:lvl"))
        }
        for element in root.findall(qn("w:abstractNum"))
    }
    found = {}
    for number in root.findall(qn("w:num")):
        reference = number.find(qn("w:abstractNumId"))
        if reference is not None:
            found[number.get(qn("w:numId"))] = abstract.get(reference.get(VALUE), {})
    return found


def _level(element: Any) -> _Level:
    def value(tag: str, default: str) -> str:
        found = element.find(qn(tag))
        return default if found is None else str(found.get(VALUE) or default)

    return _Level(value("w:numFmt", "decimal"), value("w:lvlText", ""), int(value("w:start", "1")))


def _numeral(number: int, format: str) -> str:
    match format:
        case "lowerLetter" | "upperLetter":
            letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
            return letter.upper() if format == "upperLetter" else letter
        case "lowerRoman" | "upperRoman":
            roman = _roman(number)
            return roman.upper() if format == "upperRoman" else roman
        case _:
            return str(number)


def _roman(number: int) -> str:
    made = ""
    for value, numeral in ROMAN:
        times, number = divmod(number, value)
        made += numeral * times
    return made
