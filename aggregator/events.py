"""What has happened, in the past tense. An event carries ids, not rows, and is kept as a row of the work list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args


@dataclass(frozen=True, slots=True)
class SourceDue:
    """A source's time has come, or somebody asked for it now."""

    source_id: str


@dataclass(frozen=True, slots=True)
class ItemsArrived:
    """New or changed items of one source are kept. `tries` counts how often their pictures were asked for in vain."""

    item_ids: tuple[str, ...]
    tries: int = 0


@dataclass(frozen=True, slots=True)
class PublicationDue:
    """The moment has come at which a scheduled item was to be published."""

    item_id: str


@dataclass(frozen=True, slots=True)
class PushOffered:
    """A source said which hubs push it (WebSub), or, without hubs, that none does any more.

    `tries` counts how often a hub was asked in vain.
    """

    source_id: str
    hubs: tuple[str, ...]
    topic: str
    tries: int = 0


@dataclass(frozen=True, slots=True)
class RecheckDue:
    """It is time to see whether some public items of a source are still there."""

    source_id: str
    item_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """Editors decided, or items came to wait for them: there is something to learn, or to judge.

    Which ones, the database tells; one event stands for all of some seconds.
    """


@dataclass(frozen=True, slots=True)
class StreamChanged:
    """The public stream looks different: others are to be told. `tries` counts how often that was tried in vain."""

    tries: int = 0


@dataclass(frozen=True, slots=True)
class HubAsked:
    """Somebody asked our hub to subscribe or unsubscribe a callback (WebSub), who is to confirm it."""

    mode: str
    callback: str = field(repr=False)
    topic: str
    secret: str | None = field(repr=False)
    lease_seconds: int


@dataclass(frozen=True, slots=True)
class DeliveryDue:
    """A subscriber of our hub is to be told what its topic shows. `tries` counts how often that failed."""

    subscription_id: str
    tries: int = 0


Event = (
    SourceDue
    | ItemsArrived
    | PublicationDue
    | PushOffered
    | RecheckDue
    | QueueChanged
    | StreamChanged
    | HubAsked
    | DeliveryDue
)
EVENTS: dict[str, type[Event]] = {event.__name__: event for event in get_args(Event)}
