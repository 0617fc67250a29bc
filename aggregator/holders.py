"""Names a process so that another one on the same machine can tell whether it has died; from elsewhere nobody can.

Where a system does not say what is needed (only Linux does), no process is ever taken for dead.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

PROC = Path("/proc")
_PARTS = 5


def name_of_this_process() -> str:
    """A name that no other process has, now or later: where it runs, its number there, when it began."""
    own = uuid.uuid4().hex
    here, began = _here(), _began(os.getpid())
    return " ".join((*here, str(os.getpid()), began, own)) if here and began else own


def has_died(name: str) -> bool:
    """Whether the process of that name is known to run no more. False where that cannot be told from here."""
    host, place, number, began, *_ = parts if len(parts := name.split(" ")) == _PARTS else ("",) * 4
    if (host, place) != _here() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)  # nothing is sent: it only says whether there is such a process
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        pass  # somebody else's, and alive
    # Its number may have been given to another process since.
    return _began(int(number)) not in {began, ""}


def _here() -> tuple[str, str] | None:
    """The machine since it was started, and the set of process numbers (a container has its own)."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{os.uname().nodename}/{boot}", str((PROC / "self/ns/pid").stat().st_ino)
    except OSError:
        return None


def _began(number: int) -> str:
    """When a process began, in ticks since the machine did; `over` for one that only waits to be cleared away.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    try:
        said = (PROC / str(number) / "stat").read_text(errors="replace")
    except OSError:
        return ""
    # Its name stands in brackets, and may hold brackets and spaces itself.
    state, *rest = said.rpartition(")")[2].split()
    return "over" if state in "ZX" else rest[18]
