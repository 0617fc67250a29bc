"""Recognising languages: the time for a text, and the memory that it takes."""

from __future__ import annotations

import subprocess
import sys
import time

from aggregator.refine.language import detect
from benchmarks import prose
from benchmarks.field import ENVIRONMENT, ROOT
from benchmarks.table import Line, Scale, at_most

TITLE = "Languages"
ROUNDS = 20
MEMORY = """
def kilobytes():
    return int(next(line for line in open('/proc/self/status') if line.startswith('VmRSS')).split()[1])
import re, json, dataclasses, threading, importlib.resources
from aggregator import model
before = kilobytes()
from aggregator.refine.language import detect
from benchmarks.prose import SENTENCES
for texts in SENTENCES.values():
    for text in texts:
        detect(text); detect(text[:8])
print(kilobytes() - before)
"""


def measure(_scale: Scale) -> list[Line]:
    """Microseconds of processor time for a sentence."""
    texts = [text for sentences in prose.SENTENCES.values() for text in sentences]
    wrong = sum(detect(text).code != language for language, its in prose.SENTENCES.items() for text in its)
    started = time.process_time()
    for _ in range(ROUNDS):
        for text in texts:
            detect(text, candidates=("en", "eu"))
    each = (time.process_time() - started) / ROUNDS / len(texts)
    said = subprocess.run(
        [sys.executable, "-c", MEMORY], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=True
    ).stdout
    return [
        at_most("a sentence", 1e6 * each, 100, "µs"),
        at_most("memory", int(said) / 1000, 40, "MB"),
        at_most(f"wrong, of {len(texts)} sentences of our own", wrong, 0, ""),
    ]
