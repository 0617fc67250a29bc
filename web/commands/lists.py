"""Commands for lists of feeds (OPML): take one from another feed reader, give one to another."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

import click

from aggregator.collectors import RULES
from aggregator.documents.opml import read_opml
from aggregator.errors import DocumentError, SettingsError
from aggregator.importing import Plan, plan_import
from aggregator.sandbox import open_sandbox
from aggregator.settings import Settings
from aggregator.sourcesfile import parse_sources
from aggregator.store.engine import open_database
from aggregator.store.sources import read_states
from web.commands.entry import as_json, say, shared
from web.commands.sources import current_sources
from web.outputs.sourcelist import found_addresses, source_list

LARGEST = 10_000_000
EXPORT = "Have the other feed reader export its feeds as OPML, and name that file."


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--partner", help="The id of the partner that all the feeds are of.")
@click.option("--dry-run", is_flag=True, help="Print the blocks, and leave the file as it is.")
@as_json
@shared
async def import_list(settings: Settings, file: Path, *, partner: str | None, dry_run: bool, wants_json: bool) -> None:
    """Add the feeds of an OPML file to sources.toml; the file before that is kept beside it, ending in .before-import.

    Feeds that are there already are left out. Without --partner each goes to the partner whose site it is of, or to
    a new one. New sources wait for an editor, as the stream's `review` says.

    Example: mpower-stream sources import feeds.opml --partner tni --dry-run
    """
    if file.stat().st_size > LARGEST:
        raise SettingsError(f"{file} is longer than {LARGEST:,} bytes; that is no list of feeds")
    current = current_sources(settings)
    try:
        async with open_sandbox() as reader:
            outlines = await reader.run(read_opml, file.read_bytes())
    except DocumentError as error:
        raise SettingsError(f"{file}: {error} {EXPORT}") from error
    if not outlines:
        raise SettingsError(f"{file}: The list names no feed. {EXPORT}")
    plan = await asyncio.to_thread(plan_import, current.configuration, outlines, current.refuses, partner_id=partner)
    before = settings.sources.read_text(encoding="utf-8")
    after = "\n".join([before.rstrip("\n") + "\n", *plan.blocks])
    # Each block was found right by itself; this is the last look before the file is written.
    parse_sources(after, name=str(settings.sources), kinds=RULES, refuses=current.refuses)
    if plan.added and not dry_run:
        _write(settings.sources, after)
    if wants_json:
        added, skipped = [asdict(each) for each in plan.added], [asdict(each) for each in plan.skipped]
        said = {"added": added, "partners": plan.partners, "skipped": skipped, "dry_run": dry_run}
        say(json.dumps(said, ensure_ascii=False))
    else:
        _tell(settings.sources, plan, dry_run=dry_run)


def _tell(path: Path, plan: Plan, *, dry_run: bool) -> None:
    if dry_run:
        say("\n".join(plan.blocks))
    for added in plan.added if not dry_run else ():
        say(f"✓ {added.id}: {added.kind}, {added.url}")
    for skipped in plan.skipped:
        say(f"{'# ' if dry_run else ''}✗ {skipped.title}: {skipped.why}")
    done = "would be added to" if dry_run else "added to"
    what = f"{len(plan.added)} sources and {len(plan.partners)} partners {done} {path}"
    say(f"{'# ' if dry_run else ''}{what}, {len(plan.skipped)} left out")


def _write(path: Path, text: str) -> None:
    """Put the text in the file's place, whole, with the file's rights; what was there is kept."""
    shutil.copy2(path, path.with_name(f"{path.name}.before-import"))
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
    shutil.copymode(path, file.name)
    os.replace(file.name, path)  # noqa: PTH105


@click.command("export")
@shared
async def export_list(settings: Settings) -> None:
    """Print the enabled sources as OPML, by partner, for any feed reader; what has no feed stands there as a link.

    Example: mpower-stream sources export > mpower.opml
    """
    configuration = current_sources(settings).configuration
    is_found = any(source.kind == "discover" for source in configuration.sources if source.enabled)
    say(source_list(configuration, await _found_addresses(settings) if is_found else {}))


async def _found_addresses(settings: Settings) -> dict[str, str]:
    """Where the feeds are that were discovered."""
    async with open_database(settings.database_url) as database, database.read() as connection:
        return found_addresses(await read_states(connection))
