"""What Lighthouse says of the host page of the sample program, as it sees it on a slow phone."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.benches.widget import PEERS
from benchmarks.demo import demo
from benchmarks.table import Line, Scale, at_least

TITLE = "Lighthouse on the host page"
GOALS = {"performance": 0.99, "accessibility": 1.0, "best-practices": 1.0, "seo": 1.0}
RUNS, FULL_RUNS = 3, 7


def measure(scale: Scale) -> list[Line]:
    """The four scores, medians, and below them what keeps one from being whole."""
    program = PEERS / "node_modules/.bin/lighthouse"
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not program.exists() or chromium is None:
        return [Line("not measured", "", "it needs chromium, and npm, which installs Lighthouse")]
    with demo() as address:
        reports = [_run(program, chromium, f"{address}/") for _ in range(FULL_RUNS if scale.is_full else RUNS)]
    lines = []
    for name, goal in GOALS.items():
        score = statistics.median(report["categories"][name]["score"] for report in reports)
        lines.append(at_least(name, score, goal, ""))
        lines += [Line(f"  {what}", shown) for what, shown in _lacks(reports[-1], name)]
    return lines


def _run(program: Path, chromium: str, address: str) -> Mapping[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        command = [
            str(program), address, "--output=json", f"--output-path={path}", "--quiet", "--no-enable-error-reporting",
            "--chrome-flags=--headless=new --no-sandbox --disable-gpu", f"--only-categories={','.join(GOALS)}",
        ]  # fmt: skip
        environment = {**os.environ, "CHROME_PATH": chromium}
        subprocess.run(command, env=environment, capture_output=True, check=True, timeout=180)
        report: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
        return report


def _lacks(report: Mapping[str, Any], category: str) -> list[tuple[str, str]]:
    """The audits that count and are not whole."""
    counted = [part["id"] for part in report["categories"][category]["auditRefs"] if part["weight"]]
    audits = [report["audits"][name] for name in counted]
    return [
        (audit["id"], audit.get("displayValue") or audit["title"])
        for audit in audits
        if audit["score"] is not None and audit["score"] < 1
    ]
