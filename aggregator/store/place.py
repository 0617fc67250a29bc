"""Where a walk through the public stream stands, and how a cursor says so. Knows no database."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

MOST_PINNED = 20
MOST_LENT = 45
LONGEST_CURSOR = 2900
_GREATEST: Final = 2**63 - 1


class Place(BaseModel):
    """Where a walk stands, as its cursor carries it.

    `pins` were pinned when it began: they are shown first and never again on the way, `shown` of them are behind.
    `at` and `id` are the last row's place. `since` is the last decision before it began: what was let in by a later
    one takes nobody's row away, as it may stand where the walk has passed. `lent` are items that were shown at a
    newer place of their story than their own, which is still to come: there they are passed over.
    """

    model_config = ConfigDict(extra="forbid")
    pins: list[str] = Field(max_length=MOST_PINNED)
    shown: int = Field(ge=0)
    at: datetime | None = None
    id: str | None = None
    since: int | None = Field(default=None, ge=0, le=_GREATEST)
    lent: list[str] = Field(default=[], max_length=MOST_LENT)

    @property
    def taken(self) -> list[str]:
        """What has its row elsewhere, and takes those of its story with it."""
        return [*self.pins, *self.lent]


def write_place(place: Place) -> str:
    """The place as a cursor, opaque to whoever gets it."""
    text = place.model_dump_json(exclude_none=True, exclude_defaults=True)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_place(text: str) -> Place:
    """The place that a cursor names. Raises ValueError where it is not one that we wrote."""
    try:
        raw = base64.urlsafe_b64decode(text[:LONGEST_CURSOR] + "=" * (-len(text) % 4))
        place = Place.model_validate(json.loads(raw))
        ids = [*place.taken, place.id or ""]
        "".join(ids).encode()
        at = place.at.astimezone(UTC) if place.at else None
    except (OverflowError, binascii.Error, RecursionError) as error:
        raise ValueError from error
    if any("\0" in value for value in ids) or (place.at is not None and place.at.tzinfo is None):
        raise ValueError
    return place.model_copy(update={"at": at})
