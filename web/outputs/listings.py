"""What the stream can be filtered by, for programs."""

from __future__ import annotations

from aiohttp import web

from aggregator.model import Partner
from aggregator.store.stream import read_counts
from curation.application import MACHINE
from web.outputs.filterlists import partners_json, tags_json


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


ROUTES = (("/partners.json", partners), ("/tags.json", tags))
