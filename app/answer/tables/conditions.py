"""Which rows a question means: its dates, comparisons, cells and gaps, each tied to a column."""

from app.answer.tables.cells import read_cells, read_gaps, read_truths
from app.answer.tables.comparisons import read_comparisons, read_numbers
from app.answer.tables.periods import read_periods
from app.answer.tables.reading import Reading


def read_conditions(reading: Reading) -> None:
    """Find all conditions; what they are made of is used afterwards."""
    for read in (read_periods, read_comparisons, read_cells, read_gaps, read_truths, read_numbers):
        read(reading)
