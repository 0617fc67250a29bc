"""What a visitor without script sees of a page."""

from __future__ import annotations

from aiohttp import ClientSession
from lxml import html
from lxml.etree import _Element


async def see(session: ClientSession, url: str) -> _Element:
    async with session.get(url) as answer:
        assert answer.status == 200
        assert "Set-Cookie" not in answer.headers
        return html.fromstring(await answer.text())


def titles(page: _Element) -> list[str]:
    return [title.text_content() for title in page.xpath('//mpower-stream//*[contains(@class,"mpower-title")]')]


def news(*numbers: int) -> list[str]:
    return [f"News {n}" for n in numbers]
