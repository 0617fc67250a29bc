"""Tells others that the stream has changed (WebSub): a hub that is named in sources.toml."""

from __future__ import annotations

from aggregator.model import Configuration

PATHS = ("/stream.json", "/stream.atom", "/stream.rss")


def hub_address(configuration: Configuration, public_url: str) -> str | None:
    """The hub that pushes the stream: the one in sources.toml, ours, or None."""
    hub = configuration.stream.hub
    return {"own": f"{public_url.rstrip('/')}/hub", "none": None}.get(hub, hub)
