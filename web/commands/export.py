"""The command that writes the public stream into a folder, and the one that checks such a folder."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from aggregator.settings import Settings
from aggregator.store.engine import open_database
from web.commands.entry import as_json, say, shared
from web.commands.sources import current_sources
from web.export.checking import Report, check
from web.export.exporting import Origin, export_stream, read_base_url
from web.export.writing import Figures


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--base-url", help="Where the files will be, for whole addresses in the feeds; else they are relative.")
@click.option("--check", "is_check", is_flag=True, help="Write nothing: hold DIR against its manifest.json.")
@as_json
@shared
async def export(settings: Settings, folder: Path, *, base_url: str | None, is_check: bool, wants_json: bool) -> int:
    """Write the whole public stream into DIR as files that need no server, or what of them has changed.

    Pages, pictures, feeds, search and the widget: for any host, in any folder, or on a stick. --check says what of
    DIR is missing, changed or foreign, without network and database; exit status 1 if anything is.

    Example: mpower-stream export archive --base-url https://example.org/archive/
    """
    if is_check:
        return _tell_report(check(folder), wants_json=wants_json)
    place = read_base_url(base_url) if base_url else ""
    current = current_sources(settings)
    origin = Origin(current.configuration, current.folder, settings.media_dir, place)
    async with open_database(settings.database_url) as database:
        _tell_figures(await export_stream(database, origin, folder), folder, wants_json=wants_json)
    return 0


def _tell_figures(figures: Figures, folder: Path, *, wants_json: bool) -> None:
    if wants_json:
        say(json.dumps(asdict(figures)))
        return
    size = f"{figures.bytes / 1_000_000:.1f} MB"
    say(f"{folder}: {figures.files} files, {size}; {figures.written} written, {figures.removed} removed")


def _tell_report(report: Report, *, wants_json: bool) -> int:
    if wants_json:
        say(json.dumps(asdict(report), ensure_ascii=False))
        return int(not report.is_whole)
    for name in ("missing", "changed", "foreign"):
        for path in getattr(report, name):
            say(f"{name}: {path}")
    faults = sum(len(getattr(report, name)) for name in ("missing", "changed", "foreign"))
    say(f"{report.files} files, {faults} not as the manifest says" if faults else f"{report.files} files, all whole")
    return int(not report.is_whole)
