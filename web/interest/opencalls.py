"""The calls that a kept page shows: it is good until the next of them opens or closes."""

from __future__ import annotations

from aiohttp import web

from aggregator.calls import Call
from curation.application import MACHINE
from web.serving.answering import good_until


def open_calls(request: web.Request) -> tuple[Call, ...]:
    """The calls that people can answer now, in the order of sources.toml."""
    machine = request.config_dict[MACHINE]
    now = machine.now()
    if turn := machine.configuration.calls_change_at(now):
        good_until(request, turn)
    return machine.configuration.open_calls(now)
