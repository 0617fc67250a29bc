"""Plans which sources a list of feeds (OPML) adds to sources.toml: values in, blocks of text out. Writes no file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aggregator.collectors import KINDS, RULES
from aggregator.collectors.recognise import by_address
from aggregator.documents.opml import Outline
from aggregator.errors import SettingsError
from aggregator.model import Configuration, Partner, Source
from aggregator.refine.links import url_key
from aggregator.sourceblocks import make_id, partner_block, source_block
from aggregator.sourcesfile import parse_sources

Refuses = Callable[[str], str | None]
_HEAD = '[stream]\ntitle = "x"\nlanguages = ["en"]\n'


@dataclass(frozen=True, slots=True)
class Added:
    """A source that comes in."""

    id: str
    partner: str
    kind: str
    url: str
    title: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A feed that does not, and why."""

    title: str
    url: str | None
    why: str


@dataclass(slots=True)
class Plan:
    """What an import does: blocks to append, what they add, and what was left out."""

    blocks: list[str] = field(default_factory=list)
    added: list[Added] = field(default_factory=list)
    partners: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def plan_import(
    configuration: Configuration, outlines: Sequence[Outline], refuses: Refuses, *, partner_id: str | None = None
) -> Plan:
    """What the feeds add to the configuration. A feed that is there already, or may not be there, is left out.

    They go to the partner of that id; else to the one whose site they are of; else a partner is added for them.
    """
    if partner_id and configuration.partner(partner_id) is None:
        known = ", ".join(partner.id for partner in configuration.partners) or "none"
        raise SettingsError(f"there is no partner {partner_id!r} in the file; there are: {known}")
    return _Importing(configuration, refuses, partner_id).plan(outlines)


class _Importing:
    """What is known while feeds come in one after another."""

    def __init__(self, configuration: Configuration, refuses: Refuses, partner_id: str | None) -> None:
        self._refuses = refuses
        self._partner_id = partner_id
        self._partners = {partner.id: partner for partner in configuration.partners}
        self._by_host: dict[str, Partner] = {}
        self._by_name: dict[str, Partner] = {}
        for partner in configuration.partners:
            self._note(partner)
        self._ids = {source.id for source in configuration.sources}
        self._known = {key: source.id for source in configuration.sources for key in _keys(source)}
        self._plan = Plan()

    def plan(self, outlines: Sequence[Outline]) -> Plan:
        for outline in outlines:
            if why := self._take(outline):
                self._plan.skipped.append(Skipped(outline.title, outline.url, why))
        return self._plan

    def _take(self, outline: Outline) -> str | None:
        """Add a feed, or say why not."""
        if outline.unreadable:
            return f'is no feed but {outline.unreadable}; a page without a feed is kind = "page"'
        if outline.url is None:
            return "has no web address"
        key = url_key(outline.url) or outline.url
        if key in self._known:
            return f"is there already, as {self._known[key]}"
        way = by_address(outline.url, KINDS)
        kind = way.kind if way and not RULES[way.kind].needs else "feed"
        partner = self._partner_of(outline, kind)
        source_id = make_id(outline.title, self._ids)
        languages = (outline.language.split("-")[0].lower(),) if outline.language else ()
        block = source_block(source_id, partner=partner.id, kind=kind, url=outline.url, languages=languages)
        new_partner = (
            "" if partner.id in self._partners else partner_block(partner.id, name=partner.name, url=partner.url)
        )
        if why := self._misfit(partner, block):
            return why
        if new_partner:
            self._partners[partner.id] = partner
            self._note(partner)
            self._plan.partners.append(partner.id)
            self._plan.blocks.append(new_partner)
        self._ids.add(source_id)
        self._known[key] = source_id
        self._plan.blocks.append(block)
        self._plan.added.append(Added(source_id, partner.id, kind, outline.url, outline.title))
        return None

    def _misfit(self, partner: Partner, block: str) -> str | None:
        """What the reader of sources.toml would say of the block, without the place."""
        text = _HEAD + partner_block(partner.id, name=partner.name, url=partner.url) + block
        try:
            parse_sources(text, name="", kinds=RULES, refuses=self._refuses)
        except SettingsError as error:
            return str(error).splitlines()[0].split(": ", 2)[-1]
        return None

    def _partner_of(self, outline: Outline, kind: str) -> Partner:
        if self._partner_id:
            return self._partners[self._partner_id]
        # A host like YouTube's is that of many: there the name tells them apart.
        is_own = kind == "feed"
        known = self._of_site(outline) if is_own else self._by_name.get(outline.title)
        if known:
            return known
        home = outline.home or outline.url
        site = f"{urlsplit(home).scheme}://{urlsplit(home).netloc}/" if home and is_own else outline.home
        name = outline.title or _host(outline.url)
        return Partner(make_id(_host(home) if is_own else name, self._partners, "partner"), name, url=site)

    def _note(self, partner: Partner) -> None:
        self._by_name.setdefault(partner.name, partner)
        if host := _host(partner.url):
            self._by_host.setdefault(host, partner)

    def _of_site(self, outline: Outline) -> Partner | None:
        """The partner whose site the feed is of, or whose site its own is a part of."""
        for host in (_host(outline.url), _host(outline.home)):
            while host:
                if partner := self._by_host.get(host):
                    return partner
                host = host.partition(".")[2]  # noqa: PLW2901 - from a site to the one that it is a part of
        return None


def _keys(source: Source) -> set[str]:
    urls = (source.url, KINDS[source.kind].feed_address(source.url))
    return {key for url in urls if (key := url_key(url))}


def _host(url: str | None) -> str:
    return (urlsplit(url or "").hostname or "").removeprefix("www.")
