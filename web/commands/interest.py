"""Commands for what people entered in the forms of calls. None needs a running server; each works beside one."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from aggregator.errors import SettingsError, StoreError
from aggregator.machine import utc_now
from aggregator.settings import Settings
from aggregator.store.engine import open_database
from aggregator.store.interest import CallCount, Entry, count_calls, erase, read_entries
from web.commands.entry import as_json, say, shared
from web.commands.sources import current_sources
from web.interest.entriescsv import entries_csv

NEWEST = 20


@click.group()
def interest() -> None:
    """What people entered in the forms of calls: list, export, erase.

    Example: mpower-stream interest list
    """


@interest.command("list")
@click.argument("call", required=False)
@as_json
@shared
async def list_interest(settings: Settings, call: str | None, *, wants_json: bool) -> None:
    """Say how many entries each call has, and when the newest came; of one call also who sent the newest.

    Example: mpower-stream interest list mpower-digital --json
    """
    async with open_database(settings.database_url) as database, database.read() as connection:
        counts = await count_calls(connection, utc_now())
        if call is not None:
            _check_call(settings, call, counts)
            _say_entries((await read_entries(connection, call, utc_now()))[::-1], wants_json=wants_json)
            return
    ids = {one.id: one.url is None for one in current_sources(settings).configuration.calls}
    known = [*(call_id for call_id, has_form in ids.items() if has_form), *(gone for gone in counts if gone not in ids)]
    if wants_json:
        say(json.dumps([_count_json(call_id, counts.get(call_id)) for call_id in known]))
        return
    for call_id in known:
        count = counts.get(call_id)
        newest = f"newest {count.newest_at:%Y-%m-%d %H:%M} UTC" if count else ""
        say(f"{call_id:<32} {count.entries if count else 0:>6}  {newest}".rstrip())


def _count_json(call_id: str, count: CallCount | None) -> dict[str, object]:
    if count is None:
        return {"call": call_id, "entries": 0, "newest_at": None}
    return {"call": call_id, "entries": count.entries, "newest_at": count.newest_at.isoformat()}


def _say_entries(newest_first: Sequence[Entry], *, wants_json: bool) -> None:
    if wants_json:
        plain = [asdict(one) for one in newest_first]
        say(json.dumps(plain, ensure_ascii=False, default=datetime.isoformat))
        return
    entries = "1 entry" if len(newest_first) == 1 else f"{len(newest_first)} entries"
    say(entries + (f", the newest {NEWEST}:" if len(newest_first) > NEWEST else ""))
    for one in newest_first[:NEWEST]:
        place = ", ".join(part for part in (one.organisation, one.town, one.country) if part)
        say(f"{one.at:%Y-%m-%d %H:%M}  {one.name} <{one.email}>, {place}  {' '.join(one.options)}".rstrip())


@interest.command()
@click.argument("call")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A new file, readable for you alone.")
@shared
async def export(settings: Settings, call: str, output: Path | None) -> None:
    """Print a call's entries as CSV in UTF-8, for any spreadsheet; none of them can be a formula there.

    Example: mpower-stream interest export mpower-digital -o interest.csv
    """
    async with open_database(settings.database_url) as database, database.read() as connection:
        _check_call(settings, call, await count_calls(connection, utc_now()))
        entries = await read_entries(connection, call, utc_now())
    written = entries_csv(entries)
    if output is None:
        click.echo(written, nl=False)
        return
    _write(output, written)
    say(f"{len(entries)} entries written to {output}")


def _write(path: Path, content: bytes) -> None:
    """Into a new file alone: what stands in another one may be somebody's work, or readable for others."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise StoreError(f"{path} exists already; name another file, or remove it first") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}; name another file") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


@interest.command("erase")
@click.argument("email")
@shared
async def erase_address(settings: Settings, email: str) -> None:
    """Erase all that was entered under an e-mail address, in every call, for good. Backups are not touched.

    Example: mpower-stream interest erase ane@town.example
    """
    if "@" not in email:
        raise StoreError(f"{email!r} is no e-mail address; name a whole one, such as ane@town.example")
    async with open_database(settings.database_url) as database:
        erased = await erase(database, email)
    say(f"{erased} {'entry' if erased == 1 else 'entries'} erased")


def _check_call(settings: Settings, call: str, counts: Mapping[str, CallCount]) -> None:
    """A call that has entries may be gone from sources.toml; one that is in neither is a slip."""
    if call in counts:
        return
    try:
        configuration = current_sources(settings).configuration
    except SettingsError as error:
        # It may stand in a file that cannot be read: then that is what there is to mend.
        raise StoreError(
            f"nothing was entered for {call!r}, and whether it is a call cannot be read:\n{error}"
        ) from error
    calls = [one.id for one in configuration.calls if one.url is None]
    if call not in calls:
        known = ", ".join(dict.fromkeys([*calls, *counts])) or "none; a [[call]] in sources.toml without url makes one"
        raise StoreError(f"there is no call {call!r} with a form; there are: {known}")
