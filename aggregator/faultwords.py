"""What goes wrong on the way to a host, as a sentence for an editor that holds no secret."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

from aggregator.errors import FetchError, RefusedError

_SERVER_FAULT = 500
_REASONS = {
    204: "has nothing to say (204)",
    206: "sent only a part (206)",
    304: "says that nothing has changed, without having been asked that (304)",
    401: "asks for a sign-in (401)",
    403: "refuses this program (403)",
    404: "has nothing at this address (404)",
    410: "says that this address is gone for good (410)",
    429: "asks to be asked less often (429)",
    503: "is out of service for now (503)",
}

# The first that fits, so the narrow ones stand before the wide ones.
_FAULTS: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.InvalidURL, "{host} cannot be asked: its address cannot be sent"),
    (aiohttp.ClientConnectorCertificateError, "the certificate of {host} is not valid: {why}"),
    (aiohttp.ClientSSLError, "no secure connection to {host} could be made"),
    (aiohttp.ConnectionTimeoutError, "{host} could not be reached within {connect:g} s"),
    (aiohttp.ServerTimeoutError, "{host} sent nothing for {read:g} s"),
    (aiohttp.ClientConnectorError, "no connection to {host}: {why}"),
    (aiohttp.ServerDisconnectedError, "{host} hung up without an answer"),
    (aiohttp.ClientPayloadError, "what {host} sent was cut short"),
    (aiohttp.ClientResponseError, "{host} does not speak HTTP as it should"),
    (aiohttp.ClientError, "the connection to {host} broke off"),
    (OSError, "the connection to {host} broke off: {why}"),
    (ValueError, "{host} cannot be asked: a header cannot be sent"),
)


# These come before the request does.
_NEVER_SENT = (aiohttp.InvalidURL, aiohttp.ClientConnectorError, aiohttp.ClientSSLError, aiohttp.ConnectionTimeoutError)


def status_words(host: str, status: int) -> str:
    """What an answer of this status says."""
    other = "has a fault of its own" if status >= _SERVER_FAULT else "sent no document"
    return f"{host} {_REASONS.get(status, f'{other} ({status})')}"


@contextmanager
def plain_words(host: str, limits: aiohttp.ClientTimeout) -> Iterator[None]:
    """Turn what goes wrong below into a sentence.

    The cause is left out on purpose: aiohttp's messages hold the whole address with every token in it, and would
    reach the log with the traceback.
    """
    try:
        yield
    except aiohttp.WSServerHandshakeError as error:
        raise FetchError(status_words(host, error.status), status=error.status) from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        sentence = next(sentence for kind, sentence in _FAULTS if isinstance(error, kind))
        said = sentence.format(host=host, why=_why(error), connect=limits.sock_connect, read=limits.sock_read)
        raise FetchError(said, was_sent=not isinstance(error, _NEVER_SENT)) from None


@contextmanager
def blaming(host: str | None) -> Iterator[None]:
    """Say of what is refused inside that this host redirects there; nothing where it is None."""
    try:
        yield
    except RefusedError as refused:
        if host is None:
            raise
        raise refused.redirected_by(host) from None


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return str(getattr(error.certificate_error, "verify_message", "")) or "it cannot be verified"
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno).lower()
    return "no answer"
