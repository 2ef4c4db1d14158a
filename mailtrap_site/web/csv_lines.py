"""Lines of files for spreadsheets (RFC 4180) in which no cell is taken for a formula."""

import csv
from collections.abc import Iterable
from io import StringIO

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_line(cells: Iterable[str]) -> str:
    """One line with its end."""
    line = StringIO()
    csv.writer(line).writerow([harmless(cell) for cell in cells])
    return line.getvalue()


def harmless(cell: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula, whoever wrote it.

    >>> harmless("=1+1"), harmless("@SUM(A1)"), harmless("Shop"), harmless("")
    ("'=1+1", "'@SUM(A1)", 'Shop', '')
    """
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
