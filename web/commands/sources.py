"""Commands for sources: look at them, test them, collect now. Finding and lists of them have files of their own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import asdict

import click
from tqdm import tqdm

from aggregator.addresses import Allowed
from aggregator.collectors import RULES
from aggregator.collectors.contract import Outside
from aggregator.errors import SettingsError
from aggregator.fetch import open_fetch
from aggregator.handlers import Outcome, handlers
from aggregator.machine import open_machine, user_agent, utc_now
from aggregator.model import Source
from aggregator.passes import collect_all
from aggregator.sandbox import open_sandbox
from aggregator.settings import Settings
from aggregator.sources import CurrentSources
from aggregator.work import Worker
from web.commands.entry import as_json, say, shared
from web.commands.trying import try_all


@click.command()
@click.argument("names", nargs=-1, metavar="[SOURCE]…")
@as_json
@shared
async def collect(settings: Settings, names: Sequence[str], *, wants_json: bool) -> int:
    """Collect now, all sources or those named. Exit status 1 if one failed.

    Example: mpower-stream collect carbon-coop-news
    """
    async with open_machine(settings) as machine:
        chosen = _choose(machine.configuration.sources, names)
        outcomes = []
        with tqdm(total=len(chosen), unit="source", disable=None if not wants_json else True, leave=False) as bar:
            async for outcome in collect_all(machine, chosen):
                outcomes.append(outcome)
                bar.update()
                if not wants_json:
                    tqdm.write(_line(outcome))
        worker = Worker(machine.database, machine.bell, handlers(machine.shop), machine.now)
        await worker.run_due(only=("keep_pictures",))
    if wants_json:
        say(json.dumps([asdict(outcome) for outcome in outcomes], ensure_ascii=False))
    return int(any(outcome.problem for outcome in outcomes))


def _line(outcome: Outcome) -> str:
    if outcome.problem:
        return f"✗ {outcome.source_id}: {outcome.problem}"
    if outcome.was_same:
        return f"✓ {outcome.source_id}: nothing has changed"
    changed = f", {outcome.changed} changed" if outcome.changed else ""
    return f"✓ {outcome.source_id}: {outcome.new} new{changed}"


@click.group()
def sources() -> None:
    """Sources: list, check, discover, import, export.

    Example: mpower-stream sources check
    """


@sources.command("list")
@as_json
@shared
async def list_all(settings: Settings, *, wants_json: bool) -> None:
    """List the sources of the file.

    Example: mpower-stream sources list --json
    """
    found = current_sources(settings).configuration.sources
    if wants_json:
        columns = ("id", "partner", "kind", "url", "languages", "enabled")
        say(json.dumps([{name: getattr(source, name) for name in columns} for source in found], ensure_ascii=False))
        return
    for source in found:
        say(f"{source.id:<28} {source.kind:<10} {'' if source.enabled else '(off) '}{source.url}")


@sources.command()
@click.argument("names", nargs=-1, metavar="[SOURCE]…")
@as_json
@shared
async def check(settings: Settings, names: Sequence[str], *, wants_json: bool) -> int:
    """Check the file, then ask each source once and say what it shows. Keeps nothing. Exit status 1 if one failed.

    Example: mpower-stream sources check tni
    """
    current = current_sources(settings)
    chosen = _choose(current.configuration.sources, names)
    rows = []
    async with way_out(settings) as outside, aclosing(try_all(chosen, outside)) as tries:
        async for row in tries:
            rows.append(row)
            if not wants_json:
                say(f"{'✗' if row['problem'] else '✓'} {row['id']}: {row['problem'] or row['found']}")
    if wants_json:
        say(json.dumps(rows, ensure_ascii=False))
    elif not names:
        say(f"{settings.sources}: {len(current.configuration.sources)} sources, {len(current.configuration.tags)} tags")
    return int(any(row["problem"] for row in rows))


@asynccontextmanager
async def way_out(settings: Settings) -> AsyncIterator[Outside]:
    """The way out alone, for commands that keep nothing."""
    allowed = Allowed.parse(settings.allow_private)
    agent = user_agent(settings.public_url)
    async with open_sandbox() as reader, open_fetch(allowed=allowed, user_agent=agent, now=utc_now) as fetch:
        yield Outside(fetch, reader, utc_now)


def current_sources(settings: Settings) -> CurrentSources:
    """The file, read and checked. Raises SettingsError."""
    allowed = Allowed.parse(settings.allow_private)
    return CurrentSources(settings.sources, kinds=RULES, allowed=allowed, environment=settings.environment)


def _choose(known: Sequence[Source], names: Sequence[str]) -> list[Source]:
    """The enabled sources, or those named. Raises SettingsError for a name that the file does not have."""
    by_id = {source.id: source for source in known}
    if unknown := [name for name in names if name not in by_id]:
        raise SettingsError(f"there is no source {unknown[0]!r} in the file; there are: {', '.join(by_id) or 'none'}")
    return [by_id[name] for name in names] or [source for source in known if source.enabled]
