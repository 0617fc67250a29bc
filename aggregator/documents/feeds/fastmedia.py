"""What an entry carries: Media RSS, enclosures and pictures, each exactly as feedparser takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element  # Only the class: bytes are parsed in fastfeed.py.

from aggregator.documents import fields
from aggregator.documents.feeds.fastelements import PASSED_OVER, keywords_of, media_category, passed_over, title
from aggregator.documents.feeds.fastnames import Odd
from aggregator.documents.feeds.fastplace import HTML, Handler, Place
from aggregator.documents.feeds.fasttexts import joined, repaired


def media_content(place: Place, element: Element, depth: int) -> None:
    """A medium, with what is said of it inside."""
    place.medium = _note(place, "content", place.attributes(element))
    _read_inside(place, element, _OF_MEDIA, depth)
    place.medium = None


def media_group(place: Place, element: Element, depth: int) -> None:
    """Several forms of one medium."""
    said = place.attributes(element)
    if "lang" in said or "xml:lang" in said:
        raise Odd("media with a language of their own")
    _read_inside(place, element, IN_GROUP, depth)


def _read_inside(place: Place, element: Element, known: Mapping[str, Handler], depth: int) -> None:
    for child in element:
        name = place.reading.names.elements[child.tag]
        handler = known.get(name)
        if handler:
            handler(place, child, depth + 1)
        else:
            place.pass_over_unknown(child, name, depth + 1)


def media_thumbnail(place: Place, element: Element, _depth: int) -> None:
    """A small picture."""
    place.text(element)
    _note(place, "thumbnail", place.attributes(element))


def _note(place: Place, kind: str, attributes: dict[str, str]) -> dict[str, Any]:
    medium: dict[str, Any] = {**attributes, "kind": kind}
    found = place.raw.setdefault("found_media", [])
    if len(found) < 2 * fields.MAX_MEDIA:
        found.append(medium)
    return medium


def media_title(place: Place, element: Element, depth: int) -> None:
    """The title of one medium, or of the entry if nothing else is."""
    if place.medium is not None:
        place.pass_over(element)
        return
    kept = place.reading.title_depth
    title(place, element, depth)
    place.reading.title_depth = kept


def media_description(place: Place, element: Element, depth: int) -> None:
    """What one medium shows, or all of them."""
    text = place.content(element, HTML, depth)["value"]
    if text and place.medium is not None:
        place.medium.setdefault("alt", text)
    elif text:
        place.raw.setdefault("media_text", text)


def enclosure(place: Place, element: Element, _depth: int) -> None:
    """What is to be downloaded with the entry."""
    said = place.attributes(element)
    text = place.text(element)
    if said.get("url") or said.get("href"):
        if address := said.get("url", said.get("uri", said.get("href"))):
            said["href"] = address
        said["rel"] = "enclosure"
        place.raw.setdefault("links", []).append(said)
    elif text:
        place.raw.setdefault("links", []).append({"rel": "enclosure", "href": repaired(text)})


def image(place: Place, element: Element, _depth: int) -> None:
    """An RSS item's own picture: an address, or an element with one."""
    place.attributes(element)
    place.reading.title_depth = -1
    pieces = [element.text or ""]
    for child in element:
        name = place.reading.names.elements[child.tag]
        if name not in {"url", "title", "link", "width", "height"} or child.keys():
            raise Odd("a picture that says more than is known")
        text = place.text(child)
        if name == "url":
            place.raw.setdefault("picture", repaired(joined(place.reading.base, text) if text else text))
        pieces.append(child.tail or "")
    if address := "".join(pieces).strip():
        place.raw.setdefault("picture", address)


def itunes_image(place: Place, element: Element, _depth: int) -> None:
    """A podcast's picture."""
    place.text(element)
    said = place.attributes(element)
    if address := said.get("href") or said.get("url"):
        place.raw["image"] = {"href": address}


_OF_MEDIA: Mapping[str, Handler] = {
    **{name: passed_over for name in PASSED_OVER if name.startswith("media_")},
    "media_description": media_description,
    "media_thumbnail": media_thumbnail,
    "media_title": media_title,
}
IN_GROUP: Mapping[str, Handler] = {
    **_OF_MEDIA,
    "media_category": media_category,
    "media_content": media_content,
    "media_keywords": keywords_of(None),
}
