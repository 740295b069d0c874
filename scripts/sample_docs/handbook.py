"""The employee handbook: a cover, a contents page and numbered chapters as a PDF."""

from datetime import date
from pathlib import Path

from page_layout import ACCENT, CHAPTER, INK, RULE, lay_out
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, NextPageTemplate, PageBreak, PageTemplate, Paragraph
from reportlab.platypus.tableofcontents import TableOfContents
from text_blocks import parse_blocks

TITLE = "Employee Handbook"
AUTHOR = "Arkenfeld Ovens SE, People team"
EDITION = f"Edition 9, in effect from {date(2026, 1, 1):%-d %B %Y}"
PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN = 27 * mm
TEXT_WIDTH = PAGE_WIDTH - 2 * MARGIN

CONTENTS_TITLE = ParagraphStyle("contents_title", parent=CHAPTER, spaceBefore=0, spaceAfter=16)
CONTENTS_LINE = ParagraphStyle("contents_line", fontName="Times-Roman", fontSize=12, leading=25, textColor=INK)


class HandbookTemplate(BaseDocTemplate):
    """Collects the chapter headings for the contents page and the PDF outline."""

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 (the name is reportlab's)
        if not isinstance(flowable, Paragraph) or flowable.style is not CHAPTER:
            return
        text = flowable.getPlainText()
        key = f"chapter-{text.split()[0]}"
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(text, key)
        self.notify("TOCEntry", (0, text, self.page, key))


def write_handbook(source: Path, target: Path) -> None:
    frame = Frame(MARGIN, 26 * mm, TEXT_WIDTH, PAGE_HEIGHT - 54 * mm, leftPadding=0, rightPadding=0)
    document = HandbookTemplate(
        str(target), pagesize=A4, title=TITLE, author=AUTHOR, subject=EDITION, creator="Arkenfeld Ovens SE",
        lang="en-GB", invariant=1,
    )  # fmt: skip
    document.addPageTemplates([
        PageTemplate("cover", [frame], onPage=_draw_cover),
        PageTemplate("text", [frame], onPage=_draw_header_and_footer),
    ])  # fmt: skip
    contents = TableOfContents(levelStyles=[CONTENTS_LINE], dotsMinLevel=-1)
    story: list[Flowable] = [NextPageTemplate("text"), PageBreak()]
    story += [Paragraph("Contents", CONTENTS_TITLE), contents, PageBreak()]
    story += lay_out(parse_blocks(source.read_text("utf-8")), TEXT_WIDTH)
    document.multiBuild(story)


def _draw_cover(canvas: Canvas, _document: BaseDocTemplate) -> None:
    canvas.setFillColor(ACCENT)
    canvas.rect(0, PAGE_HEIGHT - 92 * mm, PAGE_WIDTH, 92 * mm, stroke=0, fill=1)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.setFont("Helvetica", 15)
    canvas.drawString(MARGIN, PAGE_HEIGHT - 40 * mm, "Arkenfeld Ovens SE")
    canvas.setFont("Helvetica-Bold", 36)
    canvas.drawString(MARGIN, PAGE_HEIGHT - 60 * mm, TITLE)
    canvas.setFillColor(INK)
    canvas.setFont("Times-Roman", 14)
    lines = [EDITION, "for Osnabrück, Liberec, Ghent and Graz", "Adopted by the board on 11 November 2025"]
    for number, line in enumerate(lines):
        canvas.drawString(MARGIN, PAGE_HEIGHT - (112 + 8 * number) * mm, line)
    canvas.setFont("Times-Italic", 11)
    canvas.drawString(MARGIN, 30 * mm, "Kupferhammerweg 14, 49090 Osnabrück, Germany")


def _draw_header_and_footer(canvas: Canvas, document: BaseDocTemplate) -> None:
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, PAGE_HEIGHT - 21 * mm, PAGE_WIDTH - MARGIN, PAGE_HEIGHT - 21 * mm)
    canvas.line(MARGIN, 19 * mm, PAGE_WIDTH - MARGIN, 19 * mm)
    canvas.setFillColor(INK)
    canvas.setFont("Helvetica", 8.5)
    canvas.drawString(MARGIN, PAGE_HEIGHT - 18 * mm, "Arkenfeld Ovens SE")
    canvas.drawRightString(PAGE_WIDTH - MARGIN, PAGE_HEIGHT - 18 * mm, f"{TITLE} 2026")
    canvas.drawString(MARGIN, 14 * mm, "Edition 9")
    canvas.drawRightString(PAGE_WIDTH - MARGIN, 14 * mm, f"Page {document.page}")
