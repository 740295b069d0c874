"""The price list as a workbook: machines, spare parts and services on a sheet each."""

import csv
from datetime import UTC, datetime
from pathlib import Path

from fixed_zip import pin_dates
from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

ISSUED = datetime(2025, 12, 1, 8, 0, tzinfo=UTC)
SHEETS = (
    ("Machines", "products.csv", ("Article", "Family", "Product", "Description", "List price 2025 (EUR)",
                                  "List price 2026 (EUR)", "Lead time (weeks)", "Weight (kg)")),
    ("Spare parts", "spare_parts.csv", ("Part no.", "Part", "Fits", "Price 2026 (EUR)", "Stock in Ghent",
                                        "Minimum order")),
    ("Services", "services.csv", ("Code", "Service", "Price 2026 (EUR)", "Unit")),
)  # fmt: skip


def write_price_list(sources: Path, target: Path) -> None:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for title, file_name, header in SHEETS:
        _fill_sheet(workbook.create_sheet(title), header, read_rows(sources / file_name))
    workbook.properties.title = "Arkenfeld price list 2026"
    workbook.properties.creator = "Arkenfeld Ovens SE, Sales office"
    workbook.properties.created = ISSUED.replace(tzinfo=None)
    workbook.save(target)
    pin_dates(target, ISSUED)


def read_rows(path: Path) -> list[list[str]]:
    """The rows of a CSV file below its header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def _fill_sheet(sheet: Worksheet, header: tuple[str, ...], rows: list[list[str]]) -> None:
    sheet.append(header)
    for row in rows:
        sheet.append([_as_number(value) for value in row])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="F1ECE4")
    for number, column in enumerate(sheet.columns, start=1):
        widest = max(len(str(cell.value)) for cell in column)
        sheet.column_dimensions[get_column_letter(number)].width = widest + 2
    sheet.freeze_panes = "A2"


def _as_number(value: str) -> str | int | float:
    for number in (int, float):
        try:
            return number(value)
        except ValueError:
            continue
    return value
