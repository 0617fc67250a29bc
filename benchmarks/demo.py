"""The sample program as it runs by `make demo`, for benches that look at its pages."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE_SECONDS = 90
ITEMS, PICTURES = 30, 6
_ADDRESS = re.compile(r"^Stream and host page\s+(\S+?)/$", re.MULTILINE)


@contextmanager
def demo() -> Iterator[str]:
    """Its address, once there are items and pictures enough to show. Raises RuntimeError where there never are."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "said").open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-c", "from web.commands import main; main()", "demo"],
                cwd=folder,
                stdout=said,
                stderr=subprocess.STDOUT,
                env={**os.environ, "MPOWER_PORT": "0"},
            )
        try:
            yield _when_ready(folder / "said")
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _when_ready(said: Path) -> str:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        time.sleep(0.5)
        if found := _ADDRESS.search(said.read_text("utf-8", "replace")):
            with urllib.request.urlopen(f"{found[1]}/stream.json?limit=100", timeout=10) as answer:
                items = json.load(answer)["items"]
            if len(items) >= ITEMS and sum("image" in item for item in items) >= PICTURES:
                return found[1]
    raise RuntimeError(f"the demo did not get ready: {said.read_text('utf-8', 'replace')[-1000:]}")
