"""What the fields of every entry have to keep to, whatever format it came in: sizes, safe characters, web addresses.

Knows nothing of feeds or JSON, and cleans no HTML: that is `refine`'s part.
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aggregator.model import Alternate, Author, Media, Sighting

_T = TypeVar("_T")

MAX_ENTRIES = 1_000
MAX_CATEGORIES = 100
MAX_AUTHORS = 20
MAX_MEDIA = 50
MAX_ALTERNATES = 50
MAX_DELETED = 10_000
MAX_HUBS = 5
MAX_ID = 2_000
MAX_TITLE = 10_000
MAX_BODY = 1_000_000
MAX_NAME = 500
MAX_ALT = 5_000
MAX_URL = 4_000
ANY_PICTURE = "image/*"

# Neither XML 1.0 nor a database's text column can carry these; a lone surrogate cannot even be written as UTF-8.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_UNFIT_BYTES = bytes([*range(9), 11, 12, *range(14, 32), 127])
_SCRIPT = re.compile(r"<(script|style)\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]*|!--[^<>]*--)>")
_TYPE = re.compile(r"[a-z]+/[a-z0-9.+*-]+", re.IGNORECASE)
_ENDING = re.compile(r"\.([a-z0-9]{2,5})(?:[?#]|$)", re.IGNORECASE)
_TYPES = {
    **{ending: f"image/{ending}" for ending in ("png", "gif", "webp", "avif")},
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "svg": "image/svg+xml",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "ogg": "audio/ogg",
    "mp4": "video/mp4",
    "webm": "video/webm",
}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,5}")
_RELATIVE_IN_TAG = re.compile(
    r"""(?P<name>\s(?:href|src|poster|cite)\s*=\s*)(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"'<>]+))""",
    re.IGNORECASE,
)
# A tag with values, but for the many in which plainly nothing is relative: they are not even looked at.
_TAG_WITH_VALUE = re.compile(
    r"""<(?![a-zA-Z0-9]++(?:\s++(?:"""
    r"""(?:href|src|poster|cite)="https?://[^\s"<>]*+"|"""
    r"""(?!(?:href|src|poster|cite)\s*+=)[a-zA-Z-]++="[^"<>=]*+"))*+\s*+/?>)"""
    r"""[a-zA-Z][^<>=]*=[^<>]*>"""
)
# An address that is whole and holds nothing that a parser of addresses would judge or change.
_PLAIN_PART = r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]"
_PLAIN_ADDRESS = re.compile(
    rf"(?P<site>https?://[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{{1,4}})?)"
    rf"(?:/{_PLAIN_PART}*)?(?:\?{_PLAIN_PART}+)?(?:#{_PLAIN_PART}+)?"
)
# A path from the root of a site without dots to resolve or parameters.
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_~!$&'()*+,=:@%-][A-Za-z0-9._~!$&'()*+,=:@%-]*)+/?(?:\?[A-Za-z0-9._~&=%+-]+)?")
_SCHEME = re.compile(r"\s*[a-zA-Z][a-zA-Z0-9+.-]*:")
_ABSOLUTE = re.compile(r"\s*(?:[a-zA-Z][a-zA-Z0-9+.-]*:|#)")


def clean(text: str, limit: int) -> str:
    """The text without characters that cannot be stored, without space around it, and at most `limit` long."""
    if len(text) > limit:
        return storable(text[: 2 * limit]).strip()[:limit]
    return (text if text.isprintable() else storable(text)).strip()


def storable(text: str) -> str:
    """The text without the characters that cannot be stored."""
    # Nearly all texts are fit, and byte by byte that is seen in a third of the time.
    try:
        octets = text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return _UNFIT.sub("", text)
    is_fit = len(octets.translate(None, _UNFIT_BYTES)) == len(octets) and "\ufffe" not in text and "\uffff" not in text
    return text if is_fit else _UNFIT.sub("", text)


def identifier(text: str) -> str:
    """An entry's id as the feed says it; its digest, which is as stable, where it is too long to keep."""
    if len(text) <= MAX_ID:
        return clean(text, MAX_ID)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def web_address(text: str | None, base: str | None = None) -> str | None:
    """The absolute http(s) address that `text` names, joined to `base` where one is given; None for all else."""
    if not text or len(text) > MAX_URL or (not base and ":" not in text):
        return None
    if _PLAIN_ADDRESS.fullmatch(text):
        return text
    if base and _PLAIN_PATH.fullmatch(text) and (site := _site(base)) and len(site) + len(text) <= MAX_URL:
        return site + text
    try:
        # What has a scheme is whole: to urljoin `https://` or `https:x` is relative.
        address = urljoin(base, text.strip()) if base and not _SCHEME.match(text) else text.strip()
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        return None
    # urlsplit drops tabs and line ends, as browsers do; so what is kept is what was judged.
    address = parts.geturl()
    return address if usable and len(address) <= MAX_URL and not _UNFIT.search(address) else None


def is_plain_address(text: str) -> bool:
    """Whether this is a whole address that holds nothing that a parser of addresses would judge or change."""
    return _PLAIN_ADDRESS.fullmatch(text) is not None


@lru_cache(maxsize=16)
def _site(base: str) -> str | None:
    """The part of an address before its path, where nothing has to be judged."""
    found = _PLAIN_ADDRESS.fullmatch(base)
    return found and found["site"]


def language_tag(text: str | None) -> str | None:
    """A declared language as a BCP-47 tag (`en_GB` becomes `en-GB`), or None where it is none."""
    if not text:
        return None
    tag = text.strip().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else None


def plain_text(markup: str, limit: int) -> str:
    """The words of a short piece of HTML such as a title: tags gone, references read."""
    markup = markup[: 4 * limit]
    if "<" in markup:
        markup = _TAG.sub("", _SCRIPT.sub("", markup))
    return clean(html.unescape(markup), limit)


def paragraphs(text: str) -> str:
    """Plain text as HTML: nothing in it is markup, an empty line starts a paragraph, a line end is kept."""
    if not text:
        return ""
    blocks = re.split(r"\n\s*\n", clean(text.replace("\r\n", "\n").replace("\r", "\n"), MAX_BODY))
    return "".join(f"<p>{html.escape(block.strip()).replace(chr(10), '<br>')}</p>" for block in blocks if block.strip())


def with_absolute_links(markup: str, base: str | None) -> str:
    """HTML whose relative `href`, `src`, `poster` and `cite` are joined to `base`; everything else stays as it is."""
    if not base or "=" not in markup:
        return markup

    def absolute(match: re.Match[str]) -> str:
        name, double, single, bare = match.groups()
        value = double or single or bare or ""
        if _ABSOLUTE.match(html.unescape(value[:100]) if "&" in value else value):
            return match[0]
        address = web_address(html.unescape(value), base)
        return f'{name}"{html.escape(address)}"' if address else match[0]

    return _TAG_WITH_VALUE.sub(lambda tag: _RELATIVE_IN_TAG.sub(absolute, tag[0]), markup)


def whole_number(text: str) -> int | None:
    """A declared size in pixels, or None where it is missing or absurd."""
    digits = re.fullmatch(r"\s*(\d{1,5})(?:\.\d+)?(?:px)?\s*", text)
    return int(digits[1]) or None if digits else None


def media_type(declared: str | None, url: str, *, otherwise: str | None = None) -> str | None:
    """The type as declared, where it says something; else by the address's ending; else `otherwise`."""
    named = (declared or "").partition(";")[0].strip().lower()
    if _TYPE.fullmatch(named) and named != "application/octet-stream":
        return named
    ending = _ENDING.search(url)
    return _TYPES.get(ending[1].lower(), otherwise) if ending else otherwise


def distinct_names(names: Iterable[str], limit: int = MAX_CATEGORIES) -> tuple[str, ...]:
    """The names once each, in order, without empty ones."""
    kept = dict.fromkeys([clean(name, MAX_NAME) for name in names])
    kept.pop("", None)
    return tuple(kept)[:limit]


def distinct_authors(authors: Iterable[Author]) -> tuple[Author, ...]:
    """The authors once each by name; one that gives an address wins over one that does not."""
    known: dict[str, Author] = {}
    for author in authors:
        if author.name and (author.name not in known or not known[author.name].url):
            known[author.name] = author
    return tuple(known.values())[:MAX_AUTHORS]


def distinct_media(media: Iterable[Media]) -> tuple[Media, ...]:
    """The media once each by address, in order; what a later mention adds (alt text, type, size) is kept."""
    known: dict[str, Media] = {}
    for one in media:
        first = known.get(one.url)
        if first is None:
            known[one.url] = one
        else:
            known[one.url] = replace(
                first,
                type=one.type if first.type in {None, ANY_PICTURE} and one.type else first.type,
                alt=first.alt or one.alt,
                width=first.width or one.width,
                height=first.height or one.height,
            )
    return tuple(known.values())[:MAX_MEDIA]


def distinct_alternates(alternates: Iterable[Alternate], url: str | None) -> tuple[Alternate, ...]:
    """The alternates once each, without the entry's own address unless it names a language."""
    return tuple(dict.fromkeys(one for one in alternates if one.url != url or one.language))[:MAX_ALTERNATES]


def distinct_hubs(addresses: Iterable[str]) -> tuple[str, ...]:
    """The addresses of hubs once each, in order."""
    return tuple(dict.fromkeys(addresses))[:MAX_HUBS]


def newest(entries: Sequence[_T], dates: Sequence[datetime | None], limit: int = MAX_ENTRIES) -> list[_T]:
    """At most `limit` of the entries, in their order: the newest, where they are dated, else the first."""
    if len(entries) <= limit:
        return list(entries)
    oldest = datetime.min.replace(tzinfo=UTC)
    order = sorted(range(len(entries)), key=lambda place: dates[place] or oldest, reverse=True)
    return [entries[place] for place in sorted(order[:limit])]


def newest_sightings(entries: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """`newest`, by the date an entry gives itself."""
    if len(entries) <= MAX_ENTRIES:
        return tuple(entries)
    return tuple(newest(entries, [entry.published_at or entry.updated_at for entry in entries]))
