"""The command that finds out how a site can be read, and writes the block for sources.toml."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta

import click
from yarl import URL

from aggregator.addresses import Allowed, check, web_address
from aggregator.collectors import KINDS, discover
from aggregator.collectors.discover import Found
from aggregator.errors import FetchError, RefusedError, SettingsError
from aggregator.model import Review, ReviewMode, Source
from aggregator.settings import Settings
from aggregator.sourceblocks import make_id, source_block
from aggregator.sources import SCHEMES
from web.commands.entry import as_json, say, shared
from web.commands.sources import way_out

# Not the port that may follow a host's name.
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):(?!\d+(?:[/?#]|$))")


@dataclass(frozen=True, slots=True)
class _Block:
    """What the block says."""

    kind: str
    url: str
    title: str | None
    languages: tuple[str, ...]


@click.command("discover")
@click.argument("url")
@as_json
@shared
async def find(settings: Settings, url: str, *, wants_json: bool) -> None:
    """Find the best way to read a site, and print the block for sources.toml; further ways stand below as comments.

    Example: mpower-stream sources discover https://energy-cities.eu/
    """
    url = _address(url)
    async with way_out(settings) as outside:
        source = Source("found", "", "discover", url, (), timedelta(minutes=30), Review(ReviewMode.HOLD))
        found = await discover.find(source, outside, kinds=KINDS)
    block = _block(found)
    if wants_json:
        others = [{"kind": other.kind, "url": other.url} for other in found.others]
        said = {"kind": block.kind, "url": block.url, "title": block.title, "languages": block.languages}
        say(json.dumps({**said, "others": others}, ensure_ascii=False))
        return
    _print(found, block, URL(url).host or "")


def _address(written: str) -> str:
    """The address that was meant. SettingsError for what no source can have, with what to write instead."""
    written = written.strip()
    scheme = _SCHEME.match(written)
    if scheme and not any(scheme[1].lower() in kind.rules.schemes for kind in KINDS.values()):
        raise SettingsError(
            f"what begins with “{scheme[1][:20]}:” cannot be read; write the address of a page, "
            "beginning with https://, such as https://energy-cities.eu/"
        )
    url = written if scheme else f"https://{written}"
    try:
        check(web_address(url), Allowed.parse(""), SCHEMES)
    except RefusedError:
        pass  # whether it may be reached is said where it is asked
    except FetchError as error:
        raise SettingsError(f"“{written}” is no address; write one such as https://energy-cities.eu/") from error
    return url


def _block(found: Found) -> _Block:
    document = found.collected.document if found.collected else None
    is_feed = found.way.kind == "feed" and found.collected
    return _Block(
        kind=found.way.kind,
        url=found.collected.url if is_feed and found.collected else found.way.url,
        title=document.title if document else None,
        languages=(document.language.split("-")[0].lower(),) if document and document.language else (),
    )


def _print(found: Found, block: _Block, host: str) -> None:
    is_own_site = block.kind in {"feed", "wordpress", "calendar", "page"}
    name = host.removeprefix("www.") if is_own_site else block.title or URL(block.url).path
    source_id = make_id(name, ())
    written = source_block(
        source_id, partner="", kind=block.kind, url=block.url, languages=block.languages, every="30m"
    )
    say(written.replace('partner = ""', 'partner = ""  # the id of a [[partner]]').rstrip("\n"))
    for key in sorted(KINDS[block.kind].rules.needs):
        example = ' = "env:NAME"' if key == "token" else " = …"
        say(f"# {key}{example}  # this kind needs it: see docs/sources/{block.kind}.md")
    if found.others:
        say("# The site also names:")
    for other in found.others:
        say(f'#   kind = "{other.kind}", url = "{other.url}"')
