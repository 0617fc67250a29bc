"""Cleans the page that a newsletter is of what is meant for one reader alone, and finds where it stands online."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import lxml.etree
import lxml.html

from aggregator.documents import fields

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from lxml.html import HtmlElement

MOST_CHARACTERS = 2_000_000
# Whoever writes more than this in a link writes an article's title, whatever words are in it.
_LONGEST_WORDS = 80

# In English, French, German, Spanish, Croatian and Basque.
_ONLINE = re.compile(
    r"\b(?:view|read|open|see)(?: (?:this|the|it|e-?mail|message|newsletter|issue|in|on|as|an?|your|web)){0,8} "
    r"(?:browser|online|web ?page|web)\b|\b(?:web|online|browser)[ -]?version\b"
    r"|dans (?:votre|un|le) navigateur|version en ligne|voir en ligne|lire en ligne|version web"
    r"|im browser|webversion|online[ -]?(?:ansicht|lesen|ansehen)|onlineversion"
    r"|en (?:el |tu |su )?navegador|versi[oó]n (?:web|online|en l[ií]nea)|ver (?:online|en l[ií]nea)"
    r"|u (?:web )?pregledniku|(?:web|online)[ -]verzij|nabigatzailean|arakatzailean|web[ -]?bertsio|online ikusi",
    re.IGNORECASE,
)
_PERSONAL_WORDS = re.compile(
    r"unsubscrib|\bopt[ -]?out\b"
    r"|\b(?:manage|update|change|edit)\b.{0,20}\b(?:preferences|subscription|profile|settings)"
    r"|forward (?:this|to a friend)|confirm (?:your |my )?(?:subscription|e-?mail|address)"
    r"|d[ée]sabonn|d[ée]sinscri|(?:g[ée]rer|modifier) (?:vos|mes|votre|mon) (?:pr[ée]f|abonn|inscri|profil)"
    r"|abmelde|abbestell|austragen|(?:einstellungen|profil|daten) (?:ändern|verwalten|bearbeiten)"
    r"|darse de baja|dar(?:me|te) de baja|cancelar (?:la |tu |su |mi )?suscripci"
    r"|(?:gestionar|cambiar|actualizar) (?:tus|sus|mis|las) (?:preferencias|datos)"
    r"|odjav|(?:promijeni|uredi)\w* (?:postavke|pretplat)|baja eman|harpidetza (?:utzi|ezeztatu|kendu)",
    re.IGNORECASE,
)
_PERSONAL_ADDRESS = re.compile(
    r"unsubscri|opt[-_]?out|abmeld|abbestell|d[eé]sabonn|d[eé]sinscri|odjav|/unsub\b|forward-to-friend|update[-_]?profile"
    r"|manage[-_]?(?:subscription|preferences)|subscription[-_]?(?:center|centre|preferences)|/preferences\b"
    r"|list-manage\.com/(?:profile|abuse)|confirm[-_]?(?:subscription|email|optin)|[?&](?:action|a|do)=(?:unsub|optout)",
    re.IGNORECASE,
)
_PERSONAL_PARAMETERS = frozenset(
    {
        *("email", "e-mail", "e_mail", "mail", "emailaddress", "email_address", "recipient", "recipient_id"),
        *("subscriber", "subscriber_id", "subscriberid", "sub_id", "contact", "contact_id", "contactid", "mc_eid"),
    }
)
# Mailchimp's `e` is the subscriber.
_MAILCHIMP = re.compile(r"(?:^|\.)(?:list-manage\d*\.com|campaign-archive\d*\.com|mailchi\.mp)$", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_DROPPED = frozenset({"script", "style", "title", "head", "meta", "link", "base", "form", "input", "iframe", "object"})


@dataclass(frozen=True, slots=True)
class LetterPage:
    """What is left of a newsletter's page for everybody, and where it stands online, if it says so."""

    markup: str
    online_at: str | None = None


def read_page(markup: str, *, readers: Sequence[str], unwanted: Collection[str] = ()) -> LetterPage:
    """The page without what is one reader's own: links to leave, to confirm, to his settings, and his address.

    Hidden text and pictures that came with the message are gone, too. `unwanted` are further addresses of his own.
    """
    root = parsed(markup)
    if root is None:
        return LetterPage("")
    for element in [one for one in root.iter() if _is_dropped(one)]:
        _drop(element)
    links = [one for one in root.iter("a") if one.get("href")]
    online_at = next((address for link in links if (address := _online(link, readers))), None)
    for link in links:
        words, address = " ".join(str(link.text_content()).split()), (link.get("href") or "").strip()
        if (
            address in unwanted
            or is_personal(address, words)
            or (_ONLINE.search(words) and len(words) < _LONGEST_WORDS)
        ):
            _drop(link)
        else:
            # lxml gives out characters in attributes that it does not take back.
            link.set("href", fields.storable(impersonal(address, readers)))
    for element in root.iter():
        _forget(element, readers)
    return LetterPage(str(lxml.html.tostring(root, encoding="unicode")), online_at)


def parsed(markup: str) -> HtmlElement | None:
    """The page as a tree; None where there is nothing in it."""
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = lxml.html.document_fromstring(markup[:MOST_CHARACTERS].encode("utf-8", "replace"), parser=parser)
    except (lxml.etree.LxmlError, ValueError):
        return None
    return next(iter(root.iter("body")), root)


def is_personal(address: str, words: str) -> bool:
    """Whether a link is one reader's own, by where it leads or by its words in the languages of partners."""
    by_words = len(words) < _LONGEST_WORDS and _PERSONAL_WORDS.search(words)
    return bool(by_words or _PERSONAL_ADDRESS.search(unquote(address[: fields.MAX_URL])))


def impersonal(address: str, readers: Sequence[str]) -> str:
    """The address without what tells who clicks: parameters that name a reader, plainly or as a digest."""
    try:
        parts = urlsplit(address)
        said = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return without(readers, address)
    is_mailchimp = bool(_MAILCHIMP.search(parts.hostname or ""))
    known = {form for reader in readers for form in _forms(reader)}
    kept = [
        (name, value)
        for name, value in said
        if name.lower() not in _PERSONAL_PARAMETERS
        and value.lower().rstrip("=") not in known
        and not (is_mailchimp and name == "e")
    ]
    if len(kept) == len(said):
        return without(readers, address)
    return without(readers, parts._replace(query=urlencode(kept)).geturl())


def without(readers: Sequence[str], text: str) -> str:
    """The text without the readers' addresses, however they are written in a link."""
    for reader in readers:
        for form in (reader, reader.replace("@", "%40")):
            text = re.sub(re.escape(form), "…", text, flags=re.IGNORECASE)
    return text


def _forms(reader: str) -> Iterator[str]:
    raw = reader.encode("utf-8", "replace")
    yield reader
    yield base64.b64encode(raw).decode().lower().rstrip("=")
    yield base64.urlsafe_b64encode(raw).decode().lower().rstrip("=")
    for digest in (hashlib.md5, hashlib.sha1, hashlib.sha256):
        yield digest(raw, usedforsecurity=False).hexdigest()


def _is_dropped(element: HtmlElement) -> bool:
    if not isinstance(element.tag, str) or element.tag in _DROPPED:
        return True
    if element.tag == "img":
        return fields.web_address(element.get("src")) is None
    return element.get("hidden") is not None or bool(_HIDDEN.search(element.get("style") or ""))


def _drop(element: HtmlElement) -> None:
    if element.getparent() is not None:
        element.drop_tree()


def _online(link: HtmlElement, readers: Sequence[str]) -> str | None:
    words = " ".join(str(link.text_content()).split())
    if len(words) >= _LONGEST_WORDS or not _ONLINE.search(words):
        return None
    return fields.web_address(impersonal((link.get("href") or "").strip(), readers))


def _forget(element: HtmlElement, readers: Sequence[str]) -> None:
    """Take the readers' addresses out of an element's own texts."""
    for reader in readers:
        if element.text and reader in element.text.lower():
            element.text = fields.storable(without((reader,), element.text))
        if element.tail and reader in element.tail.lower():
            element.tail = fields.storable(without((reader,), element.tail))
        for name, value in element.attrib.items():
            if reader in unquote(str(value)).lower():
                element.set(name, fields.storable(without((reader,), str(value))))
