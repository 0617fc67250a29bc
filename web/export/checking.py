"""Holds an export against its manifest. Needs the folder alone: no network, no database, no configuration."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from web.export.writing import MANIFEST, STAGE, ExportError, digest_of, read_manifest


@dataclass(frozen=True, slots=True)
class Report:
    """What is not as the manifest says. A folder that is foreign as a whole stands once, with a slash behind it."""

    files: int
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    foreign: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether everything is there, as it was, and nothing else."""
        return not (self.missing or self.changed or self.foreign)


def check(folder: Path) -> Report:
    """Compare every file. Raises ExportError where the folder is no export or cannot be read."""
    try:
        named = read_manifest(folder)
        if named is None:
            raise ExportError(f"{folder} holds no {MANIFEST}, so it is no export; name the folder that holds it")
        found = {path: digest_of(folder / path) for path in named}
        foreign = tuple(sorted(_foreign(folder, named)))
    except OSError as error:
        raise ExportError(f"{error.filename or folder} cannot be read: {error.strerror}") from error
    missing = tuple(sorted(path for path, kept in found.items() if kept is None))
    changed = tuple(sorted(path for path, kept in found.items() if kept not in {None, named[path]}))
    return Report(len(named), missing, changed, foreign)


def _foreign(folder: Path, named: Collection[str]) -> Iterator[str]:
    folders = {str(parent) for path in named for parent in Path(path).parents}
    waiting = [folder]
    while waiting:
        for child in waiting.pop().iterdir():
            path = child.relative_to(folder).as_posix()
            if child.is_dir() and not child.is_symlink():
                if path in folders:
                    waiting.append(child)
                elif path != STAGE:  # of an export that did not end; the next one clears it away
                    yield f"{path}/"
            elif path != MANIFEST and path not in named:
                yield path
