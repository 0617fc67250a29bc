"""`/stream?fragment=1`: the element with its rows as a piece of HTML, for other sites' servers to put into their pages.

No page stands around it and no script in it: whoever puts it in links /widget.css and loads /widget.js, which keeps the
rows and goes on from them. Every address is absolute, since the piece is read somewhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from aggregator.filters import Asked, Query, WrongValue
from aggregator.store.stream import StreamPage
from web.site import Site, answer
from web.views import View, show_stream

LAYOUTS: Final = ("list", "cards", "compact")
SWITCH: Final = ("on", "off")
HEADING_LEVELS: Final = ("2", "3", "4", "5", "6")
USUAL_LEVEL: Final = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """How the element is to look and behave: its attributes besides those that choose items."""

    layout: str | None = None
    images: str | None = None
    heading_level: int = USUAL_LEVEL
    live: bool = False

    @property
    def looks(self) -> dict[str, str]:
        """The attributes that the page without script takes, too."""
        values = {"layout": self.layout, "images": self.images}
        return {name: value for name, value in values.items() if value is not None}


def read_shown(query: Mapping[str, str]) -> Shown:
    """What a query asks of the element. Raises `WrongValue`."""
    return Shown(
        layout=one_of(query, "layout", LAYOUTS),
        images=one_of(query, "images", SWITCH),
        heading_level=int(one_of(query, "heading-level", HEADING_LEVELS) or USUAL_LEVEL),
        live=one_of(query, "live", ("0", "1")) == "1",
    )


def one_of(query: Mapping[str, str], name: str, values: tuple[str, ...]) -> str | None:
    """The value of that name, None where it is empty or missing. Raises `WrongValue` for any that is not listed."""
    value = query.get(name)
    if value and value not in values:
        raise WrongValue(name, f"must be one of {', '.join(values)}")
    return value or None


def is_fragment(query: Query) -> bool:
    """Whether a query asks for the piece in place of the page."""
    return "1" in query.getall("fragment", [])


def fragment(page: StreamPage, asked: Asked, shown: Shown, site: Site) -> web.Response:
    """The piece that shows what was read with `asked`.

    Search engines are to find the rows in the pages that hold them, not by themselves: hence `noindex` (which says
    nothing about those pages).
    """
    response = answer(site, "fragment.html", view=_view(page, asked, shown, site))
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _view(page: StreamPage, asked: Asked, shown: Shown, site: Site) -> View:
    view = show_stream(
        page,
        asked,
        site.configuration,
        site.strings,
        root=site.public_url,
        heading_level=shown.heading_level,
        looks=shown.looks,
    )
    attributes = {"src": site.public_url, **view.attributes}
    if shown.heading_level != USUAL_LEVEL:
        attributes["heading-level"] = str(shown.heading_level)
    if not shown.live:
        attributes.pop("live", None)
    return replace(view, attributes=attributes, prefix=_prefix(asked, shown, site))


def _prefix(asked: Asked, shown: Shown, site: Site) -> str:
    """What ids begin with: several pieces may stand in one page and show the same item."""
    digest = hashlib.sha256(repr((asked, shown, site.strings.language)).encode("utf-8", "replace")).hexdigest()
    return f"mpower-{digest[:10]}-"
