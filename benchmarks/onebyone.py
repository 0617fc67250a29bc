"""Installs the pins of a requirements file one by one, and names those that cannot be had on this machine.

    python -m benchmarks.onebyone PYTHON REQUIREMENTS

For when all at once fails: one contestant without a wheel, where nothing compiles it, keeps none of the others away.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

_PIN = re.compile(r"^(?=[a-z0-9])", re.IGNORECASE | re.MULTILINE)
_NAME = re.compile(r"[\w.-]+")


def main() -> None:
    python, requirements = sys.argv[1:]
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
    for pin in filter(str.strip, _PIN.split(Path(requirements).read_text("utf-8"))):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(pin)
            file.flush()
            done = subprocess.run([*pip, "--no-build-isolation", "-r", file.name], capture_output=True, check=False)
        if done.returncode and (name := _NAME.match(pin)):
            sys.stdout.write(f"{name[0]} cannot be installed here: who needs it will be missing from the tables.\n")


if __name__ == "__main__":
    main()
