"""The text of a post on X as HTML: short links as what they lead to, mentions as links. Reads no positions.

X counts entities' positions in ways that differ by field and version, so what an entity names is looked for in the
text instead: a wrong or hostile position cannot cut a word in two.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from aggregator.documents import fields
from aggregator.documents.jsonparts import Object, objects_at, text_at

# In escaped HTML; what stands before a mention is no part of an address or a word.
_MARKED = re.compile(r"(?P<short>https?://t\.co/[A-Za-z0-9]{1,40})|(?<![\w@/.])@(?P<name>[A-Za-z0-9_]{1,15})\b")
_OWN_MEDIA = re.compile(r"/status/\d+/(?:photo|video)/\d+/?$")


def post_html(words: str, entities: Object, *, without: str | None = None) -> str:
    """The words as HTML. `words` is HTML-escaped, as X sends it; `without` is the id of a post whose link is dropped.

    Links to the post's own pictures are dropped, too: they are shown as pictures.
    """
    shorts = _shorts(entities, without)
    mentioned = {text_at(each, "username").lower() for each in objects_at(entities, "mentions")}

    def marked(found: re.Match[str]) -> str:
        if found["short"]:
            return shorts.get(found["short"], found["short"])
        if found["name"].lower() not in mentioned:
            return found[0]
        return f'<a href="https://x.com/{found["name"]}">{found[0]}</a>'

    plain = html.unescape(words[: fields.MAX_BODY])
    kept = _MARKED.sub(lambda found: "" if shorts.get(found["short"] or "-") == "" else found[0], plain)
    return _MARKED.sub(marked, fields.paragraphs(kept.rstrip()))


def link_of(entity: Object) -> str | None:
    """Where a link really leads."""
    return fields.web_address(text_at(entity, "unwound_url")) or fields.web_address(text_at(entity, "expanded_url"))


def is_of_post(entity: Object, without: str | None) -> bool:
    """Whether it leads to the post's own pictures, or to the post that it quotes, which are shown themselves."""
    address = text_at(entity, "expanded_url")
    return bool(_OWN_MEDIA.search(address[-200:])) or bool(
        without and re.search(rf"/status/{re.escape(without)}(?:\?|$)", address)
    )


def _shorts(entities: Object, without: str | None) -> Mapping[str, str]:
    found = {}
    for entity in objects_at(entities, "urls"):
        address = link_of(entity)
        shown = fields.plain_text(text_at(entity, "display_url"), fields.MAX_NAME) or address
        if is_of_post(entity, without):
            found[text_at(entity, "url")] = ""
        elif address and shown:
            found[text_at(entity, "url")] = f'<a href="{html.escape(address)}">{html.escape(shown)}</a>'
    return found
