"""Where on the page a quote stands."""

from reportlab.pdfgen.canvas import Canvas

from tests.app.web.api.conftest import Api
from tests.fakes import ScriptedGenerator
from tests.pdf_files import build_pdf

QUESTION = "How many days of paid parental leave does every parent receive?"


def test_a_quote_of_a_pdf_has_the_rectangles_of_its_lines(api: Api, generator: ScriptedGenerator) -> None:
    first, second = "The canteen opens at eleven.", "Every parent receives 70 days of paid parental leave."
    api.take_in("leave.pdf", build_pdf(f"{first}\n{second}"))
    generator.replies = ["Every parent receives 70 days of leave [1]."]
    (citation,) = api.post("/ask", {"query": QUESTION}).json()["citations"]
    (rect,) = citation["rects"]
    assert (citation["quote"], citation["page"], rect["page"]) == (second, 1, 1)
    width = Canvas("unused").stringWidth(second, "Helvetica", 12)
    assert abs(rect["right"] - rect["left"] - width) < 0.1 * width
    assert 0 < rect["top"] - rect["bottom"] < 20


def test_a_quote_of_a_format_without_pages_has_none(api: Api, generator: ScriptedGenerator) -> None:
    api.take_in("leave.md", "# Leave\n\nEvery parent receives 70 days of paid parental leave.\n")
    generator.replies = ["Every parent receives 70 days of leave [1]."]
    (citation,) = api.post("/ask", {"query": QUESTION}).json()["citations"]
    assert (citation["rects"], citation["page"]) == ([], None)
