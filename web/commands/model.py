"""Commands for what is learnt from the editors' decisions. Neither needs a running server."""

from __future__ import annotations

import json

import click

from aggregator.machine import utc_now
from aggregator.settings import Settings
from aggregator.store.engine import open_database
from curation.learning import Model, model_json, read_model, reset
from web.commands.entry import as_json, say, shared


@click.group()
def model() -> None:
    """What is learnt from the editors' decisions: show, reset.

    Example: mpower-stream model show
    """


@model.command()
@as_json
@shared
async def show(settings: Settings, *, wants_json: bool) -> None:
    """Say how many decisions were learnt, and how the queue is ordered by that.

    Example: mpower-stream model show --json
    """
    async with open_database(settings.database_url) as database, database.read() as connection:
        _say(await read_model(connection), wants_json=wants_json)


@model.command("reset")
@as_json
@shared
async def forget(settings: Settings, *, wants_json: bool) -> None:
    """Forget what was learnt. Decisions stay in the log, but only those from now on are learnt.

    Example: mpower-stream model reset
    """
    async with open_database(settings.database_url) as database, database.write() as connection:
        _say(await reset(connection, editor="command line", now=utc_now()), wants_json=wants_json)


def _say(found: Model, *, wants_json: bool) -> None:
    if wants_json:
        say(json.dumps(model_json(found)))
        return
    learned = found.learned
    say(f"version {learned.version}, {learned.decisions} decisions, up to number {learned.trained_through} of the log")
    say(found.note)
