"""The folder of our copies of pictures: what is written there, and what is taken away. Knows no database.

Several processes, also on several hosts, may share it. A file's name is its digest, so whoever writes it writes the
same; the time at which it was last changed is the time at which somebody last wanted it there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

NAME = re.compile(r"[0-9a-f]{40}\.webp")
# What is being written, or taken away. Whoever is killed meanwhile leaves it behind.
_UNFINISHED = re.compile(r"[0-9a-f]{40}\.webp\.[0-9a-f]{16}\.part")


@dataclass(frozen=True, slots=True)
class Listing:
    """What stands in the folder: the names of whole copies, which of them nobody has wanted of late, and leftovers."""

    names: frozenset[str]
    old: tuple[str, ...]
    leftovers: tuple[str, ...]


def name_of(data: bytes, extension: str) -> str:
    """The name under which these bytes are kept."""
    return f"{hashlib.sha256(data).hexdigest()[:40]}.{extension}"


def put(folder: Path, name: str, data: bytes) -> None:
    """Write a file that is never seen half written, not even after a loss of power. One that is there is renewed."""
    path = folder / name
    with contextlib.suppress(OSError):
        os.utime(path)  # first: whoever takes it away looks once more after that
        if path.stat().st_size == len(data):
            return
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = _unfinished(path)
    try:
        with unfinished.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(0o644)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def listing(folder: Path, *, before: datetime) -> Listing:
    """Look through the folder. Old is what was last wanted before that moment. Files of others are passed over.

    A folder that somebody has removed is an empty one: what stood there is to be fetched again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names: list[str] = []
    old: list[str] = []
    leftovers: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            is_copy = NAME.fullmatch(entry.name)
            if not is_copy and not _UNFINISHED.fullmatch(entry.name):
                continue
            with contextlib.suppress(FileNotFoundError):  # another process sweeps, too
                if not entry.is_file(follow_symlinks=False):
                    continue
                is_old = entry.stat(follow_symlinks=False).st_mtime < before.timestamp()
                if is_copy:
                    names.append(entry.name)
                if is_old:
                    (old if is_copy else leftovers).append(entry.name)
    return Listing(frozenset(names), tuple(old), tuple(leftovers))


def remove(folder: Path, names: Iterable[str], *, before: datetime) -> int:
    """Take copies away that nobody has wanted since; how many went. What is wanted at this very moment stays."""
    removed = 0
    for name in names:
        path = folder / name
        aside = _unfinished(path)
        with contextlib.suppress(FileNotFoundError):
            path.rename(aside)
            # Who wanted it before it went aside has renewed its time; who wants it now finds none, and writes it.
            if aside.stat().st_mtime < before.timestamp():
                aside.unlink()
                removed += 1
            else:
                aside.rename(path)
    return removed


def remove_leftovers(folder: Path, names: Iterable[str]) -> None:
    """Take away what killed writes have left."""
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _unfinished(path: Path) -> Path:
    return path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
