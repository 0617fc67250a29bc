"""Whether a site's robots.txt lets this program ask for a page (RFC 9309). Fetches nothing."""

from __future__ import annotations

from protego import Protego

from aggregator.documents.encodings import decode
from aggregator.errors import DocumentError

PRODUCT = "mPOWER-Stream"
# RFC 9309, 2.5: at least 500 KiB are read; what comes after them is not.
MOST_READ = 512_000


def may_ask(body: bytes, *, url: str) -> bool:
    """What the rules in a robots.txt say of that address for this program: the longest rule that matches it counts.

    DocumentError where the file cannot be read at all.
    """
    try:
        text = decode(body[:MOST_READ])
        return bool(Protego.parse(text).can_fetch(url, PRODUCT))
    except (ValueError, LookupError, RecursionError) as error:
        raise DocumentError("the site's robots.txt cannot be read") from error
