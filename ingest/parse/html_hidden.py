"""Words of an HTML page that its own styles hide from the eye and the parser keeps: tiny, white, beside the window.

Only what stands in `style` attributes is read, as whoever slips words into a page or a mail writes it; style sheets are
not applied. What is not displayed at all is no part of the text.
"""

import re
from typing import Any, Final

from app.domain import HiddenHow
from ingest.parse.hidden import Unseen

_TINY: Final = re.compile(r"font-size:(?:0|[01](?:\.\d+)?(?:px|pt)|0?\.\d+(?:px|pt|em|rem|%)|[0-5]%)(?![\w.])")
_OFF_PAGE: Final = re.compile(r"(?:left|top|right|bottom|text-indent|margin-left|margin-top):-\d{4,}")
_INVISIBLE: Final = re.compile(r"opacity:0(?:\.0\d*)?(?![\w.])|font:0[a-z]*/|max-height:0(?:px)?;.*overflow:hidden")
_WHITE: Final = re.compile(
    r"(?<![-\w])color:(?:white(?:smoke)?|snow|ivory|transparent|#(?:f{3}|[e-f][b-f][e-f][b-f][e-f][b-f])(?![0-9a-f])"
    r"|rgba?\((?:2[345]\d,){2}2[345]\d)"
)
_GROUND: Final = re.compile(r"background(?:-color|-image)?:(?!white|#fff(?:fff)?(?![0-9a-f])|transparent|none)")
_LIGHT: Final = frozenset({"white", "#fff", "#ffffff"})


def find_hidden(tree: Any) -> list[Unseen]:
    """The hidden elements' words, in order; of nested ones the outermost."""
    found: list[Unseen] = []
    inside: set[Any] = set()
    for element in tree.iter():
        if element.getparent() in inside:
            inside.add(element)
        elif isinstance(element.tag, str) and (how := _how(element)):
            inside.add(element)
            found.append(Unseen(how, "".join(element.itertext())))
    return found


def _how(element: Any) -> HiddenHow | None:
    style = _style(element)
    if element.tag == "font" and str(element.get("color") or "").lower() in _LIGHT:
        style += ";color:white"
    if not style:
        return None
    for how, pattern in (
        (HiddenHow.TINY, _TINY),
        (HiddenHow.OFF_PAGE, _OFF_PAGE),
        (HiddenHow.INVISIBLE, _INVISIBLE),
    ):
        if pattern.search(style):
            return how
    return HiddenHow.PALE if _WHITE.search(style) and not _has_ground(element) else None


def _has_ground(element: Any) -> bool:
    """Whether the element, or one around it, has a colour or a picture of its own behind its words."""
    around = [element, *element.iterancestors()]
    return any(
        _GROUND.search(_style(each))
        or (each.get("bgcolor") or "#fff").lower() not in _LIGHT
        or each.get("background") is not None
        for each in around
    )


def _style(element: Any) -> str:
    return "".join(str(element.get("style") or "").lower().split())
