"""Spreadsheets and delimited text: as text for search, and as data in a DuckDB file."""

from ingest.parse.tabular.delimited import find_delimiter, parse_delimited
from ingest.parse.tabular.workbook import parse_workbook

__all__ = ["find_delimiter", "parse_delimited", "parse_workbook"]
