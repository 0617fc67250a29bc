"""The key under which every room's handlers find the machine."""

from __future__ import annotations

from aiohttp import web

from aggregator.machine import Machine

MACHINE = web.AppKey("machine", Machine)

__all__ = ["MACHINE", "Machine"]
