"""Entries of a call as CSV (RFC 4180) in which a spreadsheet finds nothing to calculate. Reads no database."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

from aggregator.store.interest import Entry

COLUMNS: Final = (
    "at", "option", "name", "organisation", "town", "country", "email", "language", "consent", "expires_at",
)  # fmt: skip
# Where a cell begins with one of these, spreadsheets see a formula, in Japanese ones by their wide forms too
# (https://owasp.org/www-community/attacks/CSV_Injection). A cell begins also after whatever a spreadsheet in another
# language takes for the end of one, a semicolon or a tab, and quotation marks do not keep it from that.
FORMULA: Final = re.compile(r"(^|[;,|\t\r\n])(?=[\s\"']*[=+\-@\t\r＝＋－＠])")


def entries_csv(entries: Iterable[Entry]) -> bytes:
    """All of them, oldest first, under the names of the columns; several options with spaces between.

    It begins with a byte order mark, without which Excel takes no UTF-8 for what it is.
    """
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        writer.writerow([disarm(cell) for cell in _cells(entry)])
    return text.getvalue().encode("utf-8-sig")


def disarm(cell: str) -> str:
    """The cell with an apostrophe wherever a formula could begin, which makes a text of it."""
    return FORMULA.sub(r"\1'", cell)


def _cells(entry: Entry) -> Sequence[str]:
    at, expires_at = (moment.isoformat(timespec="seconds") for moment in (entry.at, entry.expires_at))
    return (
        at, " ".join(entry.options), entry.name, entry.organisation, entry.town, entry.country, entry.email,
        entry.language, entry.consent, expires_at,
    )  # fmt: skip
