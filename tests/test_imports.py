"""What the main process need not know: each of these takes megabytes, and is imported where it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {
    "PIL", "alembic", "apscheduler", "asyncpg", "feedparser", "icalendar", "imapclient", "langdetect", "lxml", "pydantic",
    "numpy", "rensa", "scipy", "sklearn", "sqlalchemy.dialects.postgresql", "sqlalchemy.orm",
}  # fmt: skip


def imported_by(program: str) -> set[str]:
    said = subprocess.run(
        [sys.executable, "-c", f"import sys; {program}; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(said.stdout.split())


def test_a_pass_over_feeds_imports_nothing_that_it_does_not_need() -> None:
    assert not HEAVY & imported_by("import aggregator.passes; from aggregator.collectors import KINDS; KINDS['feed']")


def test_a_kind_is_imported_when_it_is_asked_for() -> None:
    program = "from aggregator.collectors import KINDS, RULES; assert 'mail' in KINDS and len(RULES) == len(KINDS)"
    assert "aggregator.collectors.mail" not in imported_by(program)
    assert "aggregator.collectors.mail" in imported_by(f"{program}; RULES['mail']")


def test_the_whole_program_imports_nothing_of_what_learns() -> None:
    program = (
        "import web.commands, web.application, aggregator.learning.training; aggregator.learning.training.asking.learn"
    )
    assert not {"numpy", "scipy", "sklearn", "aggregator.learning.pupil"} & imported_by(program)
