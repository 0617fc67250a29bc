"""The public stream for programs: JSON Feed, and what can be filtered by."""

from __future__ import annotations

from aiohttp import web

from aggregator.filters import read_query
from aggregator.model import Partner
from aggregator.store.stream import read_counts, read_page
from curation.application import MACHINE
from web.filterlists import partners_json, tags_json
from web.streamjson import feed_json


async def stream_json(request: web.Request) -> web.Response:
    """`GET /stream.json`: a page of the stream as JSON Feed 1.1."""
    machine, asked = request.app[MACHINE], read_query(request.query)
    async with machine.database.read() as connection:
        page = await read_page(connection, asked.filters, limit=asked.limit, cursor=asked.cursor, prefer=asked.prefer)
    feed = feed_json(
        page,
        configuration=machine.configuration,
        public_url=machine.settings.public_url,
        filters=asked.filters,
        limit=asked.limit,
        cursor=asked.cursor,
        prefer=asked.prefer,
    )
    return web.json_response(feed, content_type="application/feed+json")


async def partners(request: web.Request) -> web.Response:
    """`GET /partners.json`: every partner with how many public items it has."""
    machine = request.app[MACHINE]
    async with machine.database.read() as connection:
        counts = await read_counts(connection)

    def logo(partner: Partner) -> str | None:
        return f"{machine.settings.public_url}/logos/{partner.id}" if partner.logo else None

    return web.json_response(partners_json(machine.configuration, counts, logo))


async def tags(request: web.Request) -> web.Response:
    """`GET /tags.json`: every tag with its labels and how many public items have it; and the languages."""
    machine = request.app[MACHINE]
    async with machine.database.read() as connection:
        counts = await read_counts(connection)
    return web.json_response(tags_json(machine.configuration, counts))


ROUTES = (("/stream.json", stream_json), ("/partners.json", partners), ("/tags.json", tags))
