"""What all commands share: their options, the log, and how they end when something is wrong."""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

try:
    import uvloop
except ImportError:  # no wheel for this platform: asyncio's own loop does the same, a little slower
    uvloop = None  # type: ignore[assignment]

from aggregator.errors import AggregatorError
from aggregator.settings import Settings, read_settings

GARBAGE = 5_000  # new objects, before those that hold each other are looked for


# aiosqlite would write every value of every statement into a debug log: what people entered, and digests of passwords.
QUIETED = {"apscheduler": "ERROR", "aiohttp.access": "WARNING", "alembic": "WARNING", "aiosqlite": "INFO"}


class JsonLines(logging.Formatter):
    """One JSON object a line, for programs that gather logs."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def start_log(settings: Settings) -> None:
    """Send the log to standard error. A closed one must not stop the program."""
    logging.raiseExceptions = False
    handler = logging.StreamHandler(sys.stderr)
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonLines() if settings.log_json else text)
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    for logger, level in QUIETED.items():
        logging.getLogger(logger).setLevel(level)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="mpower-stream")
def main() -> None:
    """One multilingual stream from the scattered news of a network of organisations.

    Example: mpower-stream run --sources sources.toml
    """


def shared(command: Callable[..., Coroutine[Any, Any, int | None]]) -> Callable[..., None]:
    """Give a command the options that all share, read the environment, and turn errors into one clear message."""

    @click.option(
        "--sources", "sources_path", type=click.Path(path_type=Path), default=Path("sources.toml"), show_default=True,
        help="The file that names partners, sources and tags.",
    )  # fmt: skip
    @click.option("--database", help="Database URL; goes before MPOWER_DATABASE_URL.")
    @functools.wraps(command)
    def wrapped(*, sources_path: Path, database: str | None, **words: Any) -> None:
        try:
            settings = replace(read_settings(os.environ), sources=sources_path)
            if database:
                settings = replace(settings, database_url=database)
            start_log(settings)
            # What is imported stays: to look through it for garbage again and again holds up the event loop. Of what
            # comes later nearly all goes by itself.
            gc.freeze()
            gc.set_threshold(GARBAGE)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
                status = runner.run(command(settings, **words))
        except AggregatorError as error:
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt:
            status = 130
        sys.exit(status or 0)

    return wrapped


as_json = click.option("--json", "wants_json", is_flag=True, help="Print JSON for a program to read.")


def say(text: str = "") -> None:
    """A line on standard output; one that nobody reads any more is no error."""
    try:
        click.echo(text)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
