"""PDF pages through unstructured, for owners who have its PDF extra: in place of pdfium's own reading.

unstructured calls home, and downloads a language model for its first text; here it does neither. The model only
tells prose from titles, which `fast` guesses wrongly anyway: columns of numbers are titles to it. Headings are
therefore taken from `hi_res` alone, whose layout model sees the page.
"""

import importlib
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from bs4 import BeautifulSoup

from app.domain import Rect
from app.egress.silence import silence_libraries
from app.errors import EngineUnavailable, UnreadableDocument
from ingest.parse.layout import PageLine, PageLines
from ingest.parse.markdown import table_lines
from ingest.parse.ocr.tesseract import installed_codes
from ingest.parse.options import ParseOptions

SPACY_MODEL: Final = "en_core_web_sm"
NOWHERE: Final = Rect(0.0, 0.0, 0.0, 0.0)

Sizes = Sequence[tuple[float, float]]
"""Each page's width and height in points."""


def partition_pages(
    path: Path, name: str, password: str | None, sizes: Sizes, options: ParseOptions
) -> dict[int, PageLines]:
    """The pages (1-based) on which unstructured finds text. One line per element, which is a paragraph or a table row.

    Raises EngineUnavailable with what is to be installed, UnreadableDocument where unstructured fails on the file.
    """
    partition_pdf = _load()
    codes = installed_codes(options.ocr.languages) or ("eng",)
    strategy = options.pdf.strategy
    try:
        elements = partition_pdf(filename=str(path), strategy=strategy, password=password, languages=list(codes))
    except OSError as exc:  # its hub says so too where a model is neither here nor to be downloaded
        raise EngineUnavailable(
            f"unstructured cannot read with parse.pdf.strategy {strategy}: its layout model or a program that it calls "
            "is missing; put the model into the Hugging Face cache of this machine, or set the strategy to fast."
        ) from exc
    except Exception as exc:  # it passes on whatever the libraries below it raise
        raise UnreadableDocument(
            f"{name} cannot be read by unstructured ({type(exc).__name__}); "
            "set parse.pdf.engine to pdfium and add it again."
        ) from exc
    return pages_of(elements, sizes, has_headings=strategy == "hi_res")


def pages_of(elements: Sequence[Any], sizes: Sizes, *, has_headings: bool) -> dict[int, PageLines]:
    """unstructured's elements as pages of lines; what it takes for page numbers, headers and footers stays text."""
    lines: defaultdict[int, list[PageLine]] = defaultdict(list)
    for element in elements:
        number = element.metadata.page_number or 1
        if 1 <= number <= len(sizes) and element.text.strip():
            rect = _rect(element.metadata.coordinates, *sizes[number - 1])
            lines[number].extend(_lines(element, rect, has_headings=has_headings))
    return {number: PageLines(*sizes[number - 1], tuple(found)) for number, found in lines.items()}


def _lines(element: Any, rect: Rect, *, has_headings: bool) -> Iterator[PageLine]:
    rows = _rows(element.metadata.text_as_html or "") if element.category == "Table" else []
    if rows:
        for index, text in enumerate(table_lines(rows)):
            yield PageLine(text, rect, kind="table", starts_block=index == 0)
        return
    depth = min((element.metadata.category_depth or 0) + 1, 6)
    mark = "#" * depth + " " if has_headings and element.category == "Title" else ""
    mark = "- " if element.category == "ListItem" else mark
    yield PageLine(mark + " ".join(element.text.split()), rect, starts_block=True)


def _rect(coordinates: Any, width: float, height: float) -> Rect:
    """From pixels (or points) counted from the top left; NOWHERE without coordinates."""
    if coordinates is None or not coordinates.points or not coordinates.system:
        return NOWHERE
    across, down = width / coordinates.system.width, height / coordinates.system.height
    xs, ys = zip(*coordinates.points, strict=True)
    return Rect(
        left=float(min(xs)) * across,
        bottom=height - float(max(ys)) * down,
        right=float(max(xs)) * across,
        top=height - float(min(ys)) * down,
    )


def _load() -> Any:
    silence_libraries()
    os.environ["UNSTRUCTURED_DISABLE_NOTICE"] = "1"
    try:
        tokenize: Any = importlib.import_module("unstructured.nlp.tokenize")
        pdf: Any = importlib.import_module("unstructured.partition.pdf")
    except ImportError as exc:
        missing = f" ({exc.name} is missing)" if exc.name else ""
        raise EngineUnavailable(
            f'unstructured cannot read PDFs here{missing}; run `pip install "unstructured[pdf]"`, '
            "or set parse.pdf.engine to pdfium."
        ) from exc
    tokenize._load_spacy_model = _language_model  # it has no setting for this
    return pdf.partition_pdf


def _language_model() -> Any:
    spacy: Any = importlib.import_module("spacy")
    try:
        return spacy.load(SPACY_MODEL)
    except OSError:
        pass  # it would be downloaded here
    blank = spacy.blank("en")
    blank.add_pipe("sentencizer")
    return blank


def _rows(table: str) -> list[list[str]]:
    rows = BeautifulSoup(table, "html.parser").select("tr")
    cells = [[cell.get_text(" ", strip=True) for cell in row.select("td, th")] for row in rows]
    return [row for row in cells if any(row)]
