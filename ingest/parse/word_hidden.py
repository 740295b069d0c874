"""Words of a Word document that nobody sees who opens it: hidden, white on white, or too small.

What a style hides by its name is not followed; nor is white in a text box or in a table with a style of its own, which
may well stand on a dark ground.
"""

from typing import Any, Final

from docx.oxml.ns import qn

from app.domain import HiddenHow
from ingest.parse.hidden import Unseen

RUN, RUN_LOOK, TEXT = qn("w:r"), qn("w:rPr"), qn("w:t")
BOX, TABLE, TABLE_LOOK, TABLE_STYLE = qn("w:txbxContent"), qn("w:tbl"), qn("w:tblPr"), qn("w:tblStyle")
VALUE, FILL = qn("w:val"), qn("w:fill")
OFF: Final = frozenset({"0", "false", "off"})
# In half points.
LEAST_SIZE: Final = 4
PALE_FROM: Final = 0xEB
PLAIN_TABLES: Final = frozenset({"TableGrid", "TableNormal"})
LIGHT_FILLS: Final = frozenset({"", "auto", "ffffff"})


def find_hidden(body: Any) -> list[Unseen]:
    """The hidden runs, in order. `body`: an element with paragraphs in it."""
    return [Unseen(how, _text(run)) for run in body.iter(RUN) if (how := _how(run)) and _text(run)]


def _how(run: Any) -> HiddenHow | None:
    look = run.find(RUN_LOOK)
    if look is None:
        return None
    vanish = look.find(qn("w:vanish"))
    if vanish is not None and (vanish.get(VALUE) or "").lower() not in OFF:
        return HiddenHow.INVISIBLE
    size = _value(look, "w:sz")
    if size.isdecimal() and int(size) <= LEAST_SIZE:
        return HiddenHow.TINY
    return HiddenHow.PALE if _is_pale(_value(look, "w:color")) and not _may_be_on_dark(run, look) else None


def _is_pale(colour: str) -> bool:
    try:
        parts = bytes.fromhex(colour)
    except ValueError:  # “auto”
        return False
    return len(parts) == 3 and min(parts) >= PALE_FROM


def _may_be_on_dark(run: Any, look: Any) -> bool:
    if look.find(qn("w:highlight")) is not None or _is_shaded(look):
        return True
    return any(_is_ground(each) for each in run.iterancestors())


def _is_ground(element: Any) -> bool:
    """Whether what surrounds a run may be anything but white."""
    if element.tag == BOX:
        return True
    if element.tag == TABLE:
        style = element.find(f"{TABLE_LOOK}/{TABLE_STYLE}")
        return _is_shaded(element.find(TABLE_LOOK)) or (style is not None and style.get(VALUE) not in PLAIN_TABLES)
    return any(_is_shaded(element.find(qn(look))) for look in ("w:pPr", "w:tcPr"))


def _is_shaded(look: Any) -> bool:
    shading = look.find(qn("w:shd")) if look is not None else None
    return shading is not None and (shading.get(FILL) or "").lower() not in LIGHT_FILLS


def _value(look: Any, name: str) -> str:
    found = look.find(qn(name))
    return str(found.get(VALUE) or "") if found is not None else ""


def _text(run: Any) -> str:
    return "".join(each.text or "" for each in run.findall(TEXT))
