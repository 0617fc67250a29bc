"""What search engines are told: where the pages are (https://www.sitemaps.org), and where not to go (RFC 9309)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from lxml import etree

from aggregator.filters import WrongValue
from aggregator.itemjson import item_page, timestamp
from aggregator.store.single import Listed, count_public, read_listed
from curation.application import MACHINE
from curation.problems import Problem
from web.outputs.xmlwriting import add, element, written
from web.strings import all_strings

SITEMAP: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML: Final = "http://www.w3.org/1999/xhtml"
# A fifth of what the protocol allows: a list is written in one go, and none comes near 50 MB.
MOST: Final = 10_000
HIDDEN: Final = ("/curation/", "/push/", "/hub", "/events", "/oembed")


async def sitemap(request: web.Request) -> web.Response:
    """`GET /sitemap.xml`: all pages; of a long stream the index of its parts, which are `?part=1` and so on."""
    machine, part = request.app[MACHINE], _part(request)
    async with machine.database.read() as connection:
        parts = max(-(-await count_public(connection) // MOST), 1)
        if part is not None and part > parts:
            raise Problem(HTTPStatus.NOT_FOUND, "The stream has no such part.")
        if part is None and parts > 1:
            return _xml(write_index(machine.settings.public_url, parts))
        skip = ((part or 1) - 1) * MOST
        listed = await read_listed(connection, skip=skip, limit=MOST)
    return _xml(write_pages(machine.settings.public_url, listed, is_first=part in {None, 1}))


async def robots(request: web.Request) -> web.Response:
    """`GET /robots.txt`: all that is public may be read."""
    machine = request.app[MACHINE]
    root = machine.settings.public_url.rstrip("/")
    lines = ["User-agent: *", *(f"Disallow: {urlsplit(root).path}{hidden}" for hidden in HIDDEN)]
    return web.Response(text="\n".join([*lines, "", f"Sitemap: {root}/sitemap.xml", ""]), content_type="text/plain")


def write_index(public_url: str, parts: int) -> bytes:
    """The list of the parts of a long list."""
    root = element(f"{{{SITEMAP}}}sitemapindex", {None: SITEMAP})
    for part in range(1, parts + 1):
        add(add(root, "sitemap"), "loc", f"{public_url.rstrip('/')}/sitemap.xml?part={part}")
    return written(root)


def write_pages(public_url: str, listed: tuple[Listed, ...], *, is_first: bool) -> bytes:
    """A list of pages, each with the same in other languages; the first one begins with the site's own."""
    home = public_url.rstrip("/")
    root = element(f"{{{SITEMAP}}}urlset", {None: SITEMAP, "xhtml": XHTML})
    if is_first:
        for address, name in ((f"{home}/", "lang"), (f"{home}/stream", "ui")):
            languages = {language: f"{address}?{name}={language}" for language in all_strings()}
            _add_page(root, address, None, languages)
    for item in listed:
        versions = {language: item_page(other, home) for language, other in item.versions.items()}
        own = {item.language: item_page(item.id, home)} if versions else {}
        _add_page(root, item_page(item.id, home), timestamp(item.changed_at), own | versions)
    return written(root)


def _add_page(root: etree._Element, address: str, changed: str | None, languages: dict[str, str]) -> None:
    page = add(root, "url")
    add(page, "loc", address)
    if changed:
        add(page, "lastmod", changed)
    for language, there in languages.items():
        add(page, f"{{{XHTML}}}link", rel="alternate", hreflang=language, href=there)


def _part(request: web.Request) -> int | None:
    text = request.query.get("part")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:6]) <= 99_999:  # noqa: PLR2004
        raise WrongValue("part", "must be a whole number from 1 on")
    return int(text[:6])


def _xml(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/xml", charset="utf-8")


ROUTES = (("/sitemap.xml", sitemap), ("/robots.txt", robots))
