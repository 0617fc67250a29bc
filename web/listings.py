"""What the stream can be filtered by, for programs."""

from __future__ import annotations

from aiohttp import web

from aggregator.store.stream import read_counts
from curation.application import MACHINE


async def partners_json(request: web.Request) -> web.Response:
    """`GET /partners.json`: every partner with how many public items it has."""
    machine = request.app[MACHINE]
    async with machine.database.read() as connection:
        counts = await read_counts(connection)
    return web.json_response(
        {
            "partners": [
                {
                    "id": partner.id,
                    "name": partner.name,
                    "country": partner.country,
                    "url": partner.url,
                    "logo": f"{machine.settings.public_url}/logos/{partner.id}" if partner.logo else None,
                    "count": counts.partners.get(partner.id, 0),
                }
                for partner in machine.configuration.partners
            ]
        }
    )


async def tags_json(request: web.Request) -> web.Response:
    """`GET /tags.json`: every tag with its labels and how many public items have it; and the languages."""
    machine = request.app[MACHINE]
    async with machine.database.read() as connection:
        counts = await read_counts(connection)
    configured = machine.configuration.stream.languages
    languages = {code: counts.languages.get(code, 0) for code in (*configured, *counts.languages)}
    return web.json_response(
        {
            "tags": [
                {"id": tag.id, "label": dict(tag.label), "count": counts.tags.get(tag.id, 0)}
                for tag in machine.configuration.tags
            ],
            "languages": languages,
        }
    )


ROUTES = (("/partners.json", partners_json), ("/tags.json", tags_json))
