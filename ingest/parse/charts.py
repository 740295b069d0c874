"""The numbers behind a chart in a Word or PowerPoint file, as a table: categories down, series across.

python-pptx knows no 3D charts and python-docx none at all; the XML is the same for every kind.
"""

from typing import Any, Final

from ingest.parse.markdown import table

C: Final = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
A_TEXT: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}t"


def chart_text(chart_space: Any) -> str:
    """Title and table of a `c:chartSpace` element; a chart without numbers gives ""."""
    title = "".join(element.text or "" for element in chart_space.findall(f"{C}chart/{C}title//{A_TEXT}"))
    series = list(chart_space.iter(f"{C}ser"))
    if not series:
        return title
    categories = _points(_first(series[0], "cat", "xVal"))
    columns = [_points(_first(one, "val", "yVal")) for one in series]
    indexes = sorted(set(categories).union(*columns))
    if not indexes:
        return title
    rows = [["", *(_name(one) for one in series)]]
    rows += [[categories.get(index, ""), *(column.get(index, "") for column in columns)] for index in indexes]
    return "\n\n".join(part for part in (title, table(rows)) if part)


def _name(series: Any) -> str:
    return next((value.text or "" for value in series.findall(f"{C}tx//{C}v")), "")


def _first(series: Any, *tags: str) -> Any:
    return next((found for tag in tags if (found := series.find(f"{C}{tag}")) is not None), None)


def _points(holder: Any) -> dict[int, str]:
    """Cached values by index."""
    if holder is None:
        return {}
    values = ((int(point.get("idx")), point.find(f"{C}v")) for point in holder.iter(f"{C}pt"))
    return {index: value.text or "" for index, value in values if value is not None}
