"""On how many examples a property is tried."""

from __future__ import annotations

import os

IS_BUILD = bool(os.environ.get("CI"))


def examples(number: int) -> int:
    """On the build machine every run tries the same ones, so half as many will do; elsewhere each run tries new ones."""
    return number // 2 if IS_BUILD else number
