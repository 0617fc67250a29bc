"""Makes the table that tells Galician from Spanish and Portuguese, from what packages say in all three.

    python tools/galician_table.py --output aggregator/refine/language/profiles/galician.json FOLDER

FOLDER holds the unpacked packages (`aggregator/refine/language/profiles/README.md` names them). They say the same in
each language, so what is more frequent in one is the language's and not the subject's. Nothing of the text is kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from math import log
from pathlib import Path

from basque_profile import sentence, texts_of

from aggregator.refine.language.galician import GALICIAN, OTHERS, sequences

# Rarer ones, and those that are less than e times as frequent in one language, say little.
FEWEST = 100
LEAST, MOST = 1.0, 4.0
_SMOOTHING = 2


def counts_of(language: str, folder: Path) -> tuple[Counter[str], int]:
    """In how many texts of a language each sequence stands, and how many words they have."""
    texts = {found for text in texts_of(folder, language) if (found := sentence(text))}
    counts = Counter[str]()
    for text in texts:
        counts.update(sequences(text))
    return counts, sum(count for sequence, count in counts.items() if sequence[0] == sequence[-1] == " ")


def main() -> int:
    """Write the table and say how long it is. Exit status 1 where a language has no text."""
    parser = argparse.ArgumentParser(description="Make the table for Galician from catalogues and pages.")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    counted = {language: counts_of(language, arguments.folder) for language in (GALICIAN, *OTHERS)}
    if not all(words for _, words in counted.values()):
        parser.exit(1, "A language has no text in this folder.\n")
    table = {other: _compared(counted[GALICIAN], counted[other]) for other in OTHERS}
    text = json.dumps(table, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    arguments.output.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"{ {other: len(rows) for other, rows in table.items()} } sequences\n")
    return 0


def _compared(galician: tuple[Counter[str], int], other: tuple[Counter[str], int]) -> dict[str, int]:
    """The logarithm of how much more frequent each sequence is in Galician, in tenths."""
    found = {}
    for sequence in galician[0].keys() | other[0].keys():
        here, there = galician[0][sequence], other[0][sequence]
        ratio = (here + _SMOOTHING) / galician[1] / ((there + _SMOOTHING) / other[1])
        tenths = round(10 * max(-MOST, min(MOST, log(ratio))))
        if here + there >= FEWEST and abs(tenths) >= 10 * LEAST:
            found[sequence] = tenths
    return found


if __name__ == "__main__":
    sys.exit(main())
