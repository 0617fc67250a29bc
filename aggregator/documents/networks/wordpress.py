"""Posts of WordPress's REST API (https://developer.wordpress.org/rest-api/reference/posts/) as values.

Asks nothing: which posts are asked for is the collector's part. Plug-ins' fields are read where they help: Polylang's
`lang` and `translations`, WPML's `wpml_…`, Yoast's `yoast_head_json`, Jetpack's `jetpack_featured_media_url`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from aggregator.documents import fields
from aggregator.documents.datestrings import read_date
from aggregator.documents.jsonparts import (
    Object,
    list_at,
    object_at,
    objects_at,
    objects_of,
    read_list,
    text_at,
    usable,
    whole_at,
)
from aggregator.model import Alternate, Author, Media, Sighting

# Of a featured picture's sizes the first that there is: wide enough for a card, and no larger than needed.
_SIZES = ("large", "medium_large", "1536x1536", "full", "medium")
_MOST_TRANSLATIONS = 20
_ROOT = re.compile(r"""<([^<>]{1,4000})>\s{0,9};[^,<>]{0,200}?rel\s{0,9}=\s{0,9}"?https://api\.w\.org/""")
_ANSWER = "What WordPress's REST API answered"


@dataclass(frozen=True, slots=True)
class Post:
    """One post. `modified` and `date` are the site's local time without a zone, as the API's filters compare it."""

    id: int
    link: str | None
    date: str
    modified: str
    translations: tuple[tuple[str | None, int], ...]  # language and the id of the post in it, where no address is given
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class Named:
    """What a post is known by. `slug` is as `slug_of` gives it."""

    id: int
    slug: str
    guid: str
    link: str | None


def named_root(link_header: str, *, url: str) -> str | None:
    """Where a site's `Link` header says that its REST API begins, or None."""
    found = _ROOT.search(link_header[:20_000])
    return fields.web_address(found[1], url) if found else None


def slug_of(url: str) -> str:
    """The last part of an address's path, unescaped and in lower case; empty where the path is."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return unquote(path.rstrip("/").rpartition("/")[2]).lower()


def read_posts(body: bytes, *, url: str) -> tuple[Post, ...]:
    """The posts of one answer, in its order. `url` is the base of relative addresses.

    Raises DocumentError where the answer is not a list of posts.
    """
    return tuple(post for each in _list(body) if (post := _post(each, url)))


def read_names(body: bytes) -> tuple[Named, ...]:
    """What the posts of an answer are known by, where it was asked for no more of them. Raises DocumentError."""
    return tuple(
        Named(post_id, slug_of(text_at(each, "slug")), _guid(each), fields.web_address(text_at(each, "link")))
        for each in _list(body)
        if (post_id := whole_at(each, "id"))
    )


def _list(body: bytes) -> list[Object]:
    """The posts, which have ids. A list of drafts alone, which a plug-in may show, holds no post and is no fault."""
    return usable(read_list(body, _ANSWER), lambda post: post if whole_at(post, "id") else None, _ANSWER)


def _post(post: Object, base: str) -> Post | None:
    post_id = whole_at(post, "id")
    if not post_id or text_at(post, "status") not in {"", "publish"}:
        return None
    link = fields.web_address(text_at(post, "link"), base)
    versions = object_at(post, "translations")
    translations = ((_language(name), to) for name in versions if (to := whole_at(versions, name)) and to != post_id)
    return Post(
        id=post_id,
        link=link,
        date=text_at(post, "date") or text_at(post, "date_gmt"),
        modified=text_at(post, "modified") or text_at(post, "modified_gmt"),
        translations=tuple(translations)[:_MOST_TRANSLATIONS],
        sighting=_sighting(post, link, base),
    )


def _sighting(post: Object, link: str | None, base: str) -> Sighting:
    content, excerpt = object_at(post, "content"), object_at(post, "excerpt")
    is_protected = content.get("protected") is True or excerpt.get("protected") is True
    return Sighting(
        # The feed's guid is the same, so a source that changes from feed to wordpress keeps its items.
        entry_id=_guid(post) or link or f"post {post['id']}",
        url=link,
        title=fields.plain_text(text_at(object_at(post, "title"), "rendered"), fields.MAX_TITLE) or None,
        body_html="" if is_protected else _html(content, link or base),
        summary_html="" if is_protected else _html(excerpt, link or base),
        language=_language(text_at(post, "lang") or text_at(post, "wpml_current_locale")),
        authors=fields.distinct_authors(_authors(post, base)),
        categories=fields.distinct_names(_terms(post)),
        media=fields.distinct_media(_pictures(post, base)),
        alternates=fields.distinct_alternates(_alternates(post, base), link),
        published_at=read_date(text_at(post, "date_gmt")) or read_date(text_at(post, "date")),
        updated_at=read_date(text_at(post, "modified_gmt")),
        hidden="it is protected by a password" if is_protected else None,
    )


def _guid(post: Object) -> str:
    # WordPress writes it for HTML: `?post_type=event&#038;p=7`.
    return fields.identifier(html.unescape(text_at(object_at(post, "guid"), "rendered")[: 4 * fields.MAX_ID]))


def _html(part: Object, base: str) -> str:
    return fields.with_absolute_links(fields.clean(text_at(part, "rendered"), fields.MAX_BODY), base)


def _language(declared: str) -> str | None:
    # WPML writes locales, some with a variant: `de_DE_formal`.
    return fields.language_tag("_".join(declared.split("_")[:2]))


def _authors(post: Object, base: str) -> Iterator[Author]:
    for author in objects_at(object_at(post, "_embedded"), "author"):
        yield Author(_plain(author, "name"), fields.web_address(text_at(author, "link"), base))
    # Many sites close the list of their users, and name the author here.
    yield Author(_plain(object_at(post, "yoast_head_json"), "author"))


def _terms(post: Object) -> Iterator[str]:
    for group in list_at(object_at(post, "_embedded"), "wp:term"):
        for term in objects_of(group):
            if text_at(term, "taxonomy") in {"category", "post_tag"} and text_at(term, "slug") != "uncategorized":
                yield _plain(term, "name")


def _pictures(post: Object, base: str) -> Iterator[Media]:
    for picture in objects_at(object_at(post, "_embedded"), "wp:featuredmedia"):
        sizes = object_at(picture, "media_details", "sizes")
        chosen = next((size for name in _SIZES if text_at(size := object_at(sizes, name), "source_url")), picture)
        address = fields.web_address(text_at(chosen, "source_url"), base)
        if address and text_at(picture, "media_type") in {"", "image"}:
            declared = text_at(chosen, "mime_type") or text_at(picture, "mime_type")
            kind = fields.media_type(declared, address, otherwise=fields.ANY_PICTURE)
            yield Media(address, kind, _plain(picture, "alt_text", fields.MAX_ALT) or None, *_size(chosen))
            return
    if address := fields.web_address(text_at(post, "jetpack_featured_media_url"), base):
        yield Media(address, fields.ANY_PICTURE)
        return
    for picture in objects_at(object_at(post, "yoast_head_json"), "og_image", 1):
        if address := fields.web_address(text_at(picture, "url"), base):
            yield Media(address, fields.media_type(text_at(picture, "type"), address), None, *_size(picture))


def _size(picture: Object) -> tuple[int | None, int | None]:
    width, height = (fields.whole_number(str(whole_at(picture, key) or "")) for key in ("width", "height"))
    return width, height


def _alternates(post: Object, base: str) -> Iterator[Alternate]:
    """WPML's, which give addresses. Polylang gives ids: see `Post.translations`."""
    for version in objects_at(post, "wpml_translations", _MOST_TRANSLATIONS):
        if address := fields.web_address(text_at(version, "href"), base):
            yield Alternate(address, _language(text_at(version, "locale")))


def _plain(thing: Object, key: str, limit: int = fields.MAX_NAME) -> str:
    return fields.plain_text(text_at(thing, key), limit)
