"""Rebuild the sample documents that are not plain text.

    python scripts/sample_docs/build.py

Writes the PDF, Word, Excel, CSV and e-mail samples into sample_docs/, the same bytes each time.
The Markdown and HTML samples are edited in place there.
"""

from pathlib import Path

from handbook import write_handbook
from manual import write_manual
from price_list import write_price_list
from sales import write_sales
from scanned_notice import write_scanned_notice
from supplier_email import write_supplier_email

SOURCES = Path(__file__).parent / "sources"
TARGETS = Path(__file__).parents[2] / "sample_docs"


def build_all(sources: Path, targets: Path) -> None:
    write_handbook(sources / "handbook.md", targets / "employee-handbook.pdf")
    write_manual(sources / "manual.md", targets / "product-manual.docx")
    write_price_list(sources, targets / "price-list.xlsx")
    write_sales(sources / "products.csv", targets / "sales-2025.csv")
    write_scanned_notice(sources / "notice.md", targets / "scanned-notice.pdf")
    write_supplier_email(sources, targets / "supplier-email.eml")


if __name__ == "__main__":
    build_all(SOURCES, TARGETS)
