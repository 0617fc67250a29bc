"""Puts the files of an export into its folder, so that whoever looks finds the old one or the new one. Makes none.

All that is new is first written beside the old, in a folder of its own; only then it takes the old ones' places, and
the manifest last of all. What is to be removed must stand in an earlier manifest: nothing else in the folder is ours.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aggregator.errors import AggregatorError
from web.export.names import is_safe

MANIFEST: Final = "manifest.json"
STAGE: Final = ".mpower-export"  # holds what is being written
OURS: Final = "ours.json"  # in it: the files that an export which did not end has put, or was about to
FORMAT: Final = "mpower-stream export 1"
_CHUNK: Final = 1 << 20


class ExportError(AggregatorError):
    """The folder cannot be written or is not one of ours; the message says why and what helps."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as the manifest has it."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What an export came to."""

    files: int
    bytes: int
    written: int
    removed: int


class Writing:
    """One export on its way into a folder. Use `open_writing`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stage = folder / STAGE
        self._ours = _read_ours(folder)
        self._files: dict[str, Kept] = {}
        self._staged: list[str] = []

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def put(self, path: str, data: bytes) -> None:
        """A file with these bytes. One that has them already is not touched."""
        kept = self._note(path, Kept(hashlib.sha256(data).hexdigest(), len(data)))
        if digest_of(self._place(path)) != kept:
            self._staged_path(path).write_bytes(data)

    def copy(self, path: str, source: Path) -> int:
        """A file with the bytes of another one. Returns how many these are."""
        found = digest_of(source)
        if found is None:
            raise FileNotFoundError(source)
        self._note(path, found)
        if digest_of(self._place(path)) != found:
            shutil.copyfile(source, self._staged_path(path))
        return found.size

    def finish(self) -> Figures:
        """Let the new files take their places, the manifest last; then remove what is gone."""
        gone = sorted(self._ours - self._files.keys())
        self._write(OURS, json.dumps(sorted(self._ours | self._files.keys())).encode())
        # One flush for thousands of new files, in place of one for each; without any it would wait for others'.
        if self._staged:
            os.sync()
        # What was not there comes first, so that no page leads to one that is still to come.
        for path in sorted(self._staged, key=lambda path: (self._place(path).exists(), path)):
            self._put_in_place(self._stage / path, path)
        if read_manifest(self._folder) != self._files:
            self._write(MANIFEST, manifest_bytes(self._files))
            os.replace(self._stage / MANIFEST, self._folder / MANIFEST)  # noqa: PTH105
            _flush(self._folder)
        for path in gone:
            self._remove(path)
        shutil.rmtree(self._stage)
        size = sum(kept.size for kept in self._files.values())
        return Figures(len(self._files), size, len(self._staged), len(gone))

    def _note(self, path: str, kept: Kept) -> Kept:
        if not is_safe(path) or path == MANIFEST or path in self._files:
            raise ExportError(f"{path!r} cannot be a file of an export, or there are two of that name")
        if path not in self._ours and self._place(path).exists() and digest_of(self._place(path)) != kept:
            raise ExportError(
                f"{self._place(path)} is there already and is not of an export; move it away, and export again"
            )
        self._files[path] = kept
        return kept

    def _place(self, path: str) -> Path:
        return self._folder / path

    def _staged_path(self, path: str) -> Path:
        self._staged.append(path)
        staged = self._stage / path
        staged.parent.mkdir(parents=True, exist_ok=True)
        return staged

    def _put_in_place(self, staged: Path, path: str) -> None:
        place = self._place(path)
        if not place.parent.resolve().is_relative_to(self._folder.resolve()):
            raise ExportError(f"{place.parent} leads out of {self._folder}; remove that link, and export again")
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(staged, place)  # noqa: PTH105

    def _remove(self, path: str) -> None:
        place = self._place(path)
        if place.parent.resolve().is_relative_to(self._folder.resolve()):
            place.unlink(missing_ok=True)
            with suppress(OSError):  # others' files keep their folder
                place.parent.rmdir()

    def _write(self, name: str, data: bytes) -> None:
        self._stage.mkdir(exist_ok=True)
        with (self._stage / name).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def clear(self) -> None:
        """Leave nothing of what was written, but what is needed to know which files are ours."""
        if not self._stage.exists():
            return
        for child in self._stage.iterdir():
            if child.is_dir():
                shutil.rmtree(child)
            elif child.name != OURS:
                child.unlink()
        with suppress(OSError):
            self._stage.rmdir()


@contextmanager
def open_writing(folder: Path) -> Iterator[Writing]:
    """Write an export into that folder, which is made where there is none.

    Raises ExportError where it holds files that no export made, another export is at work there, or it cannot be
    written; what was there before then still counts.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            _refuse_foreign(folder)
            writing = Writing(folder)
            writing.clear()
            try:
                yield writing
            except BaseException:
                with suppress(OSError):
                    writing.clear()
                raise
    except OSError as error:
        why = error.strerror or str(error)
        raise ExportError(
            f"{folder} cannot be written: {why}; the export that was there before still counts"
        ) from error


def read_manifest(folder: Path) -> dict[str, Kept] | None:
    """The files that the folder's manifest names, None where there is none. Raises ExportError for another's."""
    try:
        data = json.loads((folder / MANIFEST).read_bytes())
        files = {path: Kept(str(kept["sha256"]), int(kept["bytes"])) for path, kept in data["files"].items()}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExportError(f"{folder / MANIFEST} is not one that an export wrote; name another folder") from error
    if data.get("format") != FORMAT:
        raise ExportError(
            f"{folder / MANIFEST} is of another version ({str(data.get('format'))[:60]!r}, not {FORMAT!r}); "
            "use the program that wrote it or a newer one, or name another folder"
        )
    if unsafe := [path for path in files if not is_safe(path)]:
        raise ExportError(f"{folder / MANIFEST} names {unsafe[0]!r}, which no export writes; name another folder")
    return files


def manifest_bytes(files: Mapping[str, Kept]) -> bytes:
    """The manifest of these files, a line for each."""
    named = {path: {"sha256": files[path].sha256, "bytes": files[path].size} for path in sorted(files)}
    return (json.dumps({"format": FORMAT, "files": named}, indent=0, separators=(",", ":")) + "\n").encode()


def digest_of(path: Path) -> Kept | None:
    """What a file holds, or None where there is none."""
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    return Kept(digest.hexdigest(), size)


def _read_ours(folder: Path) -> set[str]:
    files = set(read_manifest(folder) or ())
    with suppress(OSError, ValueError):
        files.update(path for path in json.loads((folder / STAGE / OURS).read_bytes()) if is_safe(path))
    return files


def _refuse_foreign(folder: Path) -> None:
    """Raise where the folder holds something and no manifest says that it is an export."""
    if (folder / MANIFEST).exists() or (folder / STAGE / OURS).exists():
        return
    if foreign := sorted(child.name for child in folder.iterdir() if child.name != STAGE):
        raise ExportError(
            f"{folder} holds {foreign[0]!r} and no {MANIFEST}, so it is no export; name an empty folder or a new one"
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let no other export into the folder meanwhile. The lock goes with the process, however that ends."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ExportError(f"another export is at work in {folder}; wait until it ends") from error
        yield
    finally:
        os.close(descriptor)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
