"""What can go wrong in a way that callers tell apart. The message is a sentence for an editor or an operator."""

from __future__ import annotations

from datetime import datetime


class AggregatorError(Exception):
    """Something in the aggregator could not be done."""


class SettingsError(AggregatorError):
    """A setting or sources.toml is wrong; the message names file, line, key and cure."""


class CollectError(AggregatorError):
    """A source could not be collected; the message is kept for editors and never holds a secret."""


class FetchError(CollectError):
    """An address could not be fetched whole, or must not be.

    `retry_at` is the moment before which the other side asked not to be asked again, `status` its HTTP status, `said`
    the beginning of what came with it: hostile, and never to be shown as it is. `was_sent` is false where the other
    side surely was not asked at all.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_at: datetime | None = None,
        status: int | None = None,
        said: str = "",
        was_sent: bool = True,
    ) -> None:
        super().__init__(message)
        self.retry_at = retry_at
        self.status = status
        self.said = said
        self.was_sent = was_sent


class RefusedError(FetchError):
    """An address that this program never goes to: a private one, a strange scheme or port, credentials in it.

    `what` names the address, `why` says what is wrong with it, `cure` what whoever has chosen it can do.
    """

    def __init__(self, what: str, why: str, cure: str = "") -> None:
        super().__init__(f"{what} is not fetched: {why}" + (f". {cure}" if cure else ""))
        self._what = what
        self._why = why

    def redirected_by(self, host: str) -> RefusedError:
        """The same where a host redirects there. The cure is left out: whoever redirects is not to be let in."""
        return RefusedError(f"{host} redirects to {self._what}, which", self._why)


class DocumentError(CollectError):
    """What came is not the kind of document it should be, is cut short, or is built to do harm."""


class SpentError(CollectError):
    """Asking could cost more than is left of a limit, so nobody was asked: to wait longer each time spares nobody."""


class UncountedError(CollectError):
    """Asking costs money, and whoever asks here keeps no count of it: nothing is wrong with the source."""


class MeetingError(AggregatorError):
    """Two did the same at the same moment and the other was first: nothing is wrong, and ours is tried again."""


class StoreError(AggregatorError):
    """The database cannot be used as it is; the message says why and what helps."""


def not_kept(error: Exception) -> str:
    """Why something could not be kept, for an editor: in our own words, or as its type alone, which holds no secret."""
    return f"could not be kept: {error if isinstance(error, AggregatorError) else type(error).__name__}"
