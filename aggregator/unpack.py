"""Unpacks a gzip or deflate body piece by piece, no further than asked, and insists on its end. Opens nothing."""

from __future__ import annotations

import zlib

from aggregator.errors import FetchError

MAX_GZIP_MEMBERS = 1_000
_GZIP_MAGIC = b"\x1f\x8b"


def unpacker(host: str, encoding: str) -> Plain | Packed:
    """What unpacks a body of this Content-Encoding; `host` is named in errors.

    FetchError for an encoding that is not asked for: brotli and zstd need libraries, and stacked ones serve bombs.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return Plain()
    if name in ("gzip", "x-gzip", "deflate"):
        return Packed(host, name.removeprefix("x-"))
    raise FetchError(f"{host} packed its answer as “{name[:40]}”, which it was not asked for")


class Plain:
    """Nothing to unpack."""

    def more(self, data: bytes, room: int) -> bytes:
        """See `Packed.more`."""
        return data[:room]

    def end(self) -> None:
        """See `Packed.end`."""


class Packed:
    """Gzip (RFC 1952, of several members too) or deflate, with its zlib wrapper (RFC 1950) or bare (RFC 1951)."""

    def __init__(self, host: str, name: str) -> None:
        self._host = host
        self._name = name
        self._waiting = b""
        self._stream: zlib._Decompress | None = None
        self._members = 0

    def more(self, data: bytes, room: int) -> bytes:
        """Unpack the next bytes, `room` of them at most.

        Where they fill the room the rest is lost: the caller takes that for too much and stops.
        """
        data, self._waiting = self._waiting + data, b""
        out = bytearray()
        while data and len(out) < room:
            if self._stream is None:
                if len(data) < len(_GZIP_MAGIC):
                    self._waiting = data
                    break
                if self._members and (self._name != "gzip" or not data.startswith(_GZIP_MAGIC)):
                    break  # padding behind what is whole: passed over, as gzip itself does
                self._stream = self._begin(data)
            try:
                out += self._stream.decompress(data, room - len(out))
            except zlib.error:
                raise FetchError(f"{self._host} calls its answer {self._name}, but it is not") from None
            data = self._stream.unconsumed_tail
            if self._stream.eof:
                data, self._stream = self._stream.unused_data, None
        return bytes(out)

    def end(self) -> None:
        """FetchError where the stream has not come to its own end: it was cut short on the way."""
        if self._stream is not None or not self._members:
            raise FetchError(f"what {self._host} sent was cut short: its {self._name} has no end")

    def _begin(self, data: bytes) -> zlib._Decompress:
        self._members += 1
        if self._members > MAX_GZIP_MEMBERS:
            raise FetchError(f"{self._host} packed its answer in more than {MAX_GZIP_MEMBERS} pieces")
        if self._name == "gzip":
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        # Some servers send deflate bare. Only the wrapper has a header that can be told by (RFC 1950, 2.2).
        wrapped = data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2], "big") % 31 == 0
        return zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
