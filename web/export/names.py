"""What files are called: safe on every host and stick, whatever an id is made of. Values in, values out."""

from __future__ import annotations

import hashlib
import re
from typing import Final

_ULID: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_PLAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,78}[a-z0-9])?")
# Such names we make ourselves, or Windows keeps them for devices.
_TAKEN: Final = re.compile(r"[0-9a-z]{26}|x-[0-9a-f]{32}|index|con|prn|aux|nul|com\d|lpt\d")
_PART: Final = r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?"
_PATH: Final = re.compile(rf"{_PART}(?:/{_PART}){{0,3}}")


def file_name(of: str) -> str:
    """A file's name for an id, without its ending: the same for the same, another for any other.

    In small letters, since a stick may not tell them from capitals; what cannot be kept as it is gives way to its
    digest, so that nothing in an id leads out of the folder.
    """
    if _ULID.fullmatch(of):
        return of.lower()
    if _PLAIN.fullmatch(of) and not _TAKEN.fullmatch(of):
        return of
    return f"x-{hashlib.sha256(of.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def is_safe(path: str) -> bool:
    """Whether a path is one that an export may write, read or remove below its folder."""
    return _PATH.fullmatch(path) is not None and ".." not in path
