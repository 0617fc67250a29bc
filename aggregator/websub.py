"""What WebSub prescribes, as plain functions: signatures, leases, topics. Speaks to no hub and keeps nothing.

https://www.w3.org/TR/websub/
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from aggregator.addresses import is_public

# sha1 is what YouTube's hub signs with, and as HMAC it still holds: a signature is not found by colliding texts.
METHODS = frozenset({"sha1", "sha256", "sha384", "sha512"})
ASKED_LEASE = timedelta(days=10)
LONGEST_LEASE = timedelta(days=30)
LEASE_UNSAID = timedelta(days=1)
FORM = "application/x-www-form-urlencoded"
_SECONDS = re.compile(r"\s*(-?\d{1,18})\s*", re.ASCII)
_LOCAL_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test", ".example", ".invalid")


def is_signed(header: str, body: bytes, secret: str) -> bool:
    """Whether `X-Hub-Signature: METHOD=HEX` fits the body. Takes the same time wherever it differs."""
    method, _, given = header.strip().partition("=")
    if method.lower() not in METHODS or not given.isascii():
        return False
    expected = hmac.new(secret.encode(), body, getattr(hashlib, method.lower())).hexdigest()
    return hmac.compare_digest(expected, given.strip().lower())


def read_lease(text: str | None) -> timedelta:
    """The lease that a hub grants: as it says, but at least a second and at most a month."""
    seconds = _SECONDS.fullmatch(text or "")
    lease = timedelta(seconds=min(max(int(seconds[1]), 1), LONGEST_LEASE.total_seconds())) if seconds else LEASE_UNSAID
    return min(lease, LONGEST_LEASE)


def is_same_topic(one: str, other: str) -> bool:
    """Whether two addresses name one topic. YouTube's hub delivers /xml/feeds/… to who asked for /feeds/…."""
    return _topic(one) == _topic(other)


def _topic(url: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return "", url, ""
    host = parts.netloc.lower().removeprefix("www.")
    path = parts.path.removeprefix("/xml") if host == "youtube.com" else parts.path
    return host, path.rstrip("/"), parts.query


def asking(mode: str, *, topic: str, callback: str, secret: str | None = None) -> bytes:
    """The form that asks a hub to subscribe or unsubscribe (section 5.1)."""
    # The last is for hubs of the time before the recommendation, which ask for it.
    form = {"hub.mode": mode, "hub.topic": topic, "hub.callback": callback, "hub.verify": "async"}
    if secret:
        form |= {"hub.secret": secret, "hub.lease_seconds": str(int(ASKED_LEASE.total_seconds()))}
    return urlencode(form).encode()


def can_call(hub: str, public_url: str) -> bool:
    """Whether a hub can be expected to reach us: we are on the public internet, or it is as private as we are."""
    return not is_private_place(public_url) or is_private_place(hub)


def is_private_place(url: str) -> bool:
    """Whether an address is by its very text not one of the public internet: a private number, or a name like nas."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return not is_public(ipaddress.ip_address(host))
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_NAMES)
