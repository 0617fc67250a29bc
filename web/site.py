"""Where and in which language a page is shown, and how it is answered. Reads no stream."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web

from aggregator.model import Configuration
from curation.application import MACHINE
from web.pagestyle import style_source
from web.strings import Strings, all_strings, choose_language, primary_subtag
from web.views import render


@dataclass(frozen=True, slots=True)
class Site:
    """Where and in which language a page is shown. `root` is the path of the public address, mostly empty."""

    configuration: Configuration
    public_url: str
    strings: Strings

    @property
    def root(self) -> str:
        """What stands before every address of ours."""
        return urlsplit(self.public_url).path

    @property
    def policy(self) -> str:
        """Our pages load from us alone. Pictures may come by our public address, whatever name led here."""
        address = urlsplit(self.public_url)
        parts = {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": style_source(),
            "connect-src": "'self'",
            "img-src": f"'self' {address.scheme}://{address.netloc}",
            "form-action": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": "*",
            "require-trusted-types-for": "'script'",
            "trusted-types": "'none'",
        }
        return "; ".join(f"{name} {value}" for name, value in parts.items())


def site_of(request: web.Request, *wishes: str | None) -> Site:
    """Where a request is shown, in the first wished language that there are words for, else the browser's."""
    machine = request.config_dict[MACHINE]
    default = primary_subtag(machine.configuration.stream.languages[0])
    # Only where it decides: what is read of a request makes pages that are kept apart (`web.serving.reads`).
    wished = next((tag for wish in wishes if wish and (tag := primary_subtag(wish)) in all_strings()), None)
    language = wished or choose_language((), request.headers.get("Accept-Language", ""), default)
    return Site(machine.configuration, machine.settings.public_url.rstrip("/"), all_strings()[language])


def answer(site: Site, template: str, *, status: int = HTTPStatus.OK, **values: object) -> web.Response:
    """A page from its template; `values` go to it with what every page shows."""
    shared = {
        "title": site.configuration.stream.title,
        "public_url": site.public_url,
        "strings": site.strings,
        "root": site.root,
    }
    return web.Response(
        status=status,
        text=render(template, shared | values),
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Language": site.strings.language, "Content-Security-Policy": site.policy},
    )
