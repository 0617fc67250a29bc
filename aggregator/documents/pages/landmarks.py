"""What a page gives away about itself besides its feeds: ids in it, what it was made with. Fetches nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aggregator.documents.encodings import decode

_PAGE_CHARACTERS = 5_000_000


def first_match(body: bytes, *, patterns: Sequence[str], charset: str | None = None) -> str | None:
    """The first group of the first of the patterns that is found in a page."""
    text = decode(body, f"charset={charset}" if charset else None, is_page=True)[:_PAGE_CHARACTERS]
    return next((found[1] for pattern in patterns if (found := re.search(pattern, text))), None)
