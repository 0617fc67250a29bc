"""What a Bluesky post carries (lexicons app.bsky.embed.*#view): pictures, a film, a link's card, a quoted post."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from aggregator.documents import fields
from aggregator.documents.jsonparts import Object, as_object, object_at, objects_at, text_at, whole_at
from aggregator.documents.networks.aturis import POST, read_at_uri
from aggregator.documents.networks.blueskyactors import read_author
from aggregator.documents.networks.blueskylabels import judge_labels
from aggregator.model import Card, Media, Quote

# A picture narrower than this says its shape (16 × 9), not its size.
SMALLEST_SIDE = 100
MOST_PICTURES = 20


@dataclass(frozen=True, slots=True)
class Carried:
    """What a post carries besides its text. `warnings` are those of what it quotes or links to."""

    media: tuple[Media, ...] = ()
    card: Card | None = None
    quote: Quote | None = None
    is_video: bool = False
    warnings: tuple[str, ...] = ()


def carried_by(embed: object) -> Carried:
    """What the view of an embed shows; nothing for one that is not known."""
    view = as_object(embed)
    match view.get("$type"):
        case "app.bsky.embed.images#view" | "app.bsky.embed.gallery#view":
            return Carried(media=tuple(_pictures(view)))
        case "app.bsky.embed.video#view":
            return _film(view)
        case "app.bsky.embed.external#view":
            return _link(object_at(view, "external"))
        case "app.bsky.embed.record#view":
            return _record(object_at(view, "record"))
        case "app.bsky.embed.recordWithMedia#view":
            media = object_at(view, "media")
            # Its `media` is none of the two that hold records, so this ends after one step.
            attached = Carried() if "record" in str(media.get("$type")) else carried_by(media)
            quoted = _record(object_at(view, "record", "record"))
            warnings = (*attached.warnings, *quoted.warnings)
            return replace(attached, quote=quoted.quote, card=attached.card or quoted.card, warnings=warnings)
        case _:
            return Carried()


def _pictures(view: Object) -> Iterator[Media]:
    for key in ("images", "items"):
        for picture in objects_at(view, key, MOST_PICTURES):
            if found := _picture(picture, ("thumb", "thumbnail", "fullsize")):
                yield found


def _picture(picture: Object, names: tuple[str, ...]) -> Media | None:
    addresses = (fields.web_address(text_at(picture, name)) for name in names)
    address = next((address for address in addresses if address), None)
    if address is None:
        return None
    width, height = _size(object_at(picture, "aspectRatio"))
    alt = fields.clean(text_at(picture, "alt"), fields.MAX_ALT) or None
    return Media(address, fields.ANY_PICTURE, alt, width, height)


def _size(ratio: Object) -> tuple[int | None, int | None]:
    """The pixels where they are that; the lexicon allows any numbers of the right proportion."""
    width, height = whole_at(ratio, "width") or 0, whole_at(ratio, "height") or 0
    is_size = min(width, height) >= SMALLEST_SIDE and max(width, height) < 100_000  # noqa: PLR2004
    return (width, height) if is_size else (None, None)


def _film(view: Object) -> Carried:
    still = _picture(view, ("thumbnail",))
    is_gif = view.get("presentation") == "gif"
    return Carried(media=(still,) if still else (), is_video=not is_gif)


def _link(external: Object) -> Carried:
    card = _card(text_at(external, "uri"), external, "title", "description")
    thumb = fields.web_address(text_at(external, "thumb"))
    picture = (Media(thumb, fields.ANY_PICTURE),) if thumb and card else ()
    return Carried(media=picture, card=card, warnings=judge_labels(external).warnings)


def _card(address: str | None, thing: Object, title: str, text: str) -> Card | None:
    url = fields.web_address(address)
    if url is None:
        return None
    named = fields.clean(text_at(thing, title), fields.MAX_TITLE) or None
    return Card(url, named, fields.clean(text_at(thing, text), fields.MAX_TITLE) or None)


def _record(view: Object) -> Carried:
    """A quoted post, or the card of a feed, a list or a starter pack."""
    uri = read_at_uri(view.get("uri"))
    page = uri.page() if uri else None
    if uri is None or page is None:
        return Carried()
    if view.get("$type") == "app.bsky.embed.record#viewRecord" and uri.collection == POST:
        return _quoted(view, page, uri.did)
    if uri.collection == POST:  # not found, blocked, or taken out of this post by its author
        return Carried(quote=Quote(page))
    named = "displayName" if "displayName" in view else "name"
    return Carried(card=_card(page, {**object_at(view, "record"), **view}, named, "description"))


def _quoted(view: Object, page: str, did: str) -> Carried:
    author, value = object_at(view, "author"), object_at(view, "value")
    labels = judge_labels(view, value, author)
    if labels.hidden:
        return Carried(quote=Quote(page))
    text = fields.paragraphs(text_at(value, "text"))
    return Carried(quote=Quote(page, read_author(author, did), text), warnings=labels.warnings)
