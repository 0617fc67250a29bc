"""The sources.toml that counts right now: read again when the file changes, kept when the new one is wrong."""

from __future__ import annotations

import hashlib
import logging
import stat
from collections.abc import Mapping
from pathlib import Path

from aggregator.addresses import Allowed, check, web_address
from aggregator.errors import FetchError, SettingsError
from aggregator.model import Configuration
from aggregator.refine.batch import pack_tags
from aggregator.refine.tags import Tagger
from aggregator.sourcesfile import Rules, read_sources

# What a source's address may begin with; which kind takes which stands in its rules.
SCHEMES = ("http", "https", "imap", "imaps", "webcal")
log = logging.getLogger(__name__)


class CurrentSources:
    """The last good reading of the file. `problem` is set while the file on disk is another, wrong one."""

    def __init__(
        self, path: Path, *, kinds: Mapping[str, Rules], allowed: Allowed, environment: Mapping[str, str]
    ) -> None:
        """Read the file; `environment` holds the secrets that it names.

        Raises SettingsError where it is wrong: there is no good one to keep yet.
        """
        self._path = path
        self._kinds = kinds
        self._allowed = allowed
        self._environment = environment
        self._stamp = self._read_stamp()
        self.configuration: Configuration = self._read()
        self.tagger = Tagger(self.configuration.tags)
        self.packed_tags = pack_tags(self.configuration.tags)
        self.digest = _digest(self.configuration)
        self.problem: str | None = None
        self.is_known = False  # to the database

    @property
    def folder(self) -> Path:
        """Where the file lies: logos are looked for beside it."""
        return self._path.parent

    def reload_if_changed(self) -> bool:
        """Look at the file again. True where a new reading counts from now on."""
        stamp = self._read_stamp()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            configuration = self._read()
        except SettingsError as error:
            self.problem = str(error)
            log.error("sources.toml is wrong, the last good one still counts:\n%s", error)  # noqa: TRY400
            return False
        self.problem = None
        has_changed = configuration != self.configuration
        if has_changed:
            self.tagger = Tagger(configuration.tags)
            self.packed_tags = pack_tags(configuration.tags)
            self.digest = _digest(configuration)
            self.configuration = configuration
            self.is_known = False
            log.info("sources.toml was read again: %d sources", len(configuration.sources))
        return has_changed

    def _read(self) -> Configuration:
        configuration = read_sources(self._path, kinds=self._kinds, environment=self._environment, refuses=self.refuses)
        if any(source.token and source.token.is_written_out for source in configuration.sources):
            self._warn_of_readers()
        return configuration

    def _warn_of_readers(self) -> None:
        if self._path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            log.warning('%s holds a token that others here can read: use "env:NAME", or chmod 600', self._path)

    def _read_stamp(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size

    def refuses(self, text: str) -> str | None:
        """Addresses that are private by their very text are refused at once; names are when they are fetched."""
        try:
            check(web_address(text), self._allowed, schemes=SCHEMES)
        except FetchError as error:
            return str(error)
        return None


def _digest(configuration: Configuration) -> str:
    """The same for the same configuration in every process."""
    return hashlib.sha256(repr(configuration).encode("utf-8", "replace")).hexdigest()
