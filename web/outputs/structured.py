"""What pages say to programs that read pages: JSON-LD in the words of schema.org. Values in, values out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final

from markupsafe import Markup

from aggregator.itemjson import item_page, timestamp
from aggregator.model import Configuration, Kind
from aggregator.store.stream import StreamItem

Json = dict[str, Any]
TYPES: Final = {Kind.ARTICLE: "NewsArticle", Kind.POST: "SocialMediaPosting", Kind.VIDEO: "VideoObject"}
LONGEST_HEADLINE: Final = 110


def as_data(said: Json) -> Markup:
    """JSON-LD as it may stand in a `<script>`: nothing in it ends the element or begins another."""
    text = json.dumps({"@context": "https://schema.org", **said}, ensure_ascii=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)  # noqa: S704 - no letter is left in it that HTML reads


def item_data(
    item: StreamItem,
    heading: str,
    configuration: Configuration,
    public_url: str,
    page_of: Callable[[str, str], str] = item_page,
) -> Json:
    """The item as what it is: an article, a post, a video or an event. `heading` stands in for a title.

    `page_of` says where an item's own page is, below `public_url`.
    """
    page = page_of(item.id, public_url)
    said = _event(item, heading) if item.kind == Kind.EVENT else _work(item, heading)
    partner = configuration.partner(item.partner)
    whose = _organisation(partner.name if partner else item.partner, partner.url if partner else None)
    picture = f"{public_url.rstrip('/')}/media/{item.image}" if item.image else None
    others = [{"@type": "WebPage", "@id": page_of(o.item, public_url), "inLanguage": o.language} for o in item.also_on]
    said |= {
        "organizer" if item.kind == Kind.EVENT else "publisher": whose,
        "description": item.summary,
        "inLanguage": item.language,
        "url": item.url or page,
        "mainEntityOfPage": page,
        "image": picture,
        "thumbnailUrl": picture if item.kind == Kind.VIDEO else None,
        "subjectOf": others,
    }
    return {name: value for name, value in said.items() if value}


def list_data(items: Iterable[StreamItem], title: str, language: str, address: str, public_url: str) -> Json:
    """A page of the stream as a list of items' own pages."""
    elements = [
        {"@type": "ListItem", "position": place, "url": item_page(item.id, public_url), "name": item.title}
        for place, item in enumerate(items, 1)
    ]
    return {
        "@type": "CollectionPage",
        "name": title,
        "inLanguage": language,
        "url": address,
        "mainEntity": {
            "@type": "ItemList",
            "itemListElement": [{key: value for key, value in each.items() if value} for each in elements],
        },
    }


def _work(item: StreamItem, heading: str) -> Json:
    is_video = item.kind == Kind.VIDEO
    return {
        "@type": TYPES.get(Kind(item.kind), "NewsArticle") if item.kind in set(Kind) else "NewsArticle",
        "name" if is_video else "headline": heading[:LONGEST_HEADLINE],
        "uploadDate" if is_video else "datePublished": timestamp(item.published_at),
        "dateModified": timestamp(item.modified_at) if item.modified_at else None,
        "author": [_person(author.name, author.url) for author in item.authors],
        "keywords": list(item.tags),
    }


def _event(item: StreamItem, heading: str) -> Json:
    return {
        "@type": "Event",
        "name": heading[:LONGEST_HEADLINE],
        "startDate": timestamp(item.starts_at or item.published_at),
        "endDate": timestamp(item.ends_at) if item.ends_at else None,
        "location": {"@type": "Place", "name": item.about.place} if item.about.place else None,
    }


def _person(name: str, url: str | None) -> Json:
    return {"@type": "Person", "name": name, **({"url": url} if url else {})}


def _organisation(name: str, url: str | None) -> Json:
    return {"@type": "Organization", "name": name, **({"url": url} if url else {})}
