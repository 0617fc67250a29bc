"""Commands for editors' accounts. None needs a running server."""

from __future__ import annotations

import json
import sys

import click

from aggregator.machine import utc_now
from aggregator.settings import Settings
from aggregator.store.engine import open_database
from curation import editors
from curation.editors import EditorError, Passwords, Role
from web.commands.entry import as_json, say, shared


@click.group()
def editor() -> None:
    """Editors: add, token, link, list, disable.

    Example: mpower-stream editor list
    """


@editor.command()
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), default="editor", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@shared
async def add(settings: Settings, name: str, role: str, *, password_stdin: bool) -> None:
    """Add an editor. Without a password it prints a one-time link by which the editor chooses one.

    Example: mpower-stream editor add ana --role editor --password-stdin < password.txt
    """
    hashed = await Passwords().hash(sys.stdin.readline().rstrip("\r\n")) if password_stdin else None
    async with open_database(settings.database_url) as database, database.write() as connection:
        await editors.add_editor(connection, name, role=Role(role), now=utc_now(), password_hash=hashed)
        secret = "" if hashed else await editors.make_link(connection, name, role=Role(role), now=utc_now())
    say(f"{name} may sign in as {role}")
    if secret:
        say(_link(settings, secret))


@editor.command()
@click.argument("name")
@shared
async def link(settings: Settings, name: str) -> None:
    """Print a one-time link that signs an editor in, for one who has forgotten the password.

    Example: mpower-stream editor link ana
    """
    async with open_database(settings.database_url) as database, database.write() as connection:
        known = await editors.find_editor(connection, name)
        if known is None:
            raise EditorError(f"there is no editor {name!r}; add one with: mpower-stream editor add {name}")
        say(_link(settings, await editors.make_link(connection, name, role=known.role, now=utc_now())))


@editor.command()
@click.argument("name")
@shared
async def token(settings: Settings, name: str) -> None:
    """Print a bearer token for programs, alone on standard output. It is shown this once.

    Example: curl -H "Authorization: Bearer $(mpower-stream editor token ana)" http://127.0.0.1:8000/curation/api/items
    """
    async with open_database(settings.database_url) as database, database.write() as connection:
        secret = await editors.make_token(connection, name, now=utc_now())
    say(secret)


@editor.command("list")
@as_json
@shared
async def list_all(settings: Settings, *, wants_json: bool) -> None:
    """List editors with their roles.

    Example: mpower-stream editor list --json
    """
    async with open_database(settings.database_url) as database, database.read() as connection:
        known = await editors.list_editors(connection)
    if wants_json:
        say(json.dumps([{"name": one.name, "role": one.role.value, "disabled": one.disabled} for one in known]))
        return
    for one in known:
        say(f"{one.name:<24} {one.role.value:<8} {'disabled' if one.disabled else ''}".rstrip())


@editor.command()
@click.argument("name")
@shared
async def disable(settings: Settings, name: str) -> None:
    """Shut an editor out: sessions and tokens end at once, the log keeps the name.

    Example: mpower-stream editor disable ana
    """
    async with open_database(settings.database_url) as database, database.write() as connection:
        await editors.disable(connection, name)
    say(f"{name} is shut out")


def _link(settings: Settings, secret: str) -> str:
    return f"{settings.public_url}/curation/sign-in/{secret}"
