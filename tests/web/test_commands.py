"""The command line, as a user meets it: help with examples, clear errors, exit statuses."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from aggregator.store.engine import open_database
from tests.builders import AUTO, keep, sighting, source
from tests.conftest import SOURCES
from tests.partner import PartnerSite
from tests.preloaded import Nursery
from tests.program import Program
from tests.program import program as start_program
from web.commands import main

Starter = Callable[..., AbstractAsyncContextManager[Program]]


def every_command(command: click.Command = main, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [words]
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            found += every_command(inner, (*words, name))
    return found


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPOWER_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/mpower.db")

    def run(*words: str, **options) -> Result:
        return CliRunner().invoke(main, list(words), **options)

    return run


@pytest.fixture
def program(nursery: Nursery) -> Starter:
    return partial(start_program, nursery=nursery)


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_command_explains_itself_with_an_example(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*words, "--help"])
    assert result.exit_code == 0
    assert "Example: " in result.output


def test_every_command_stands_in_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for words in every_command()[1:]:
        assert f"`{words[-1]}" in readme or f" {words[-1]}" in readme, words


def test_editors_are_added_and_get_tokens_without_a_server(run) -> None:
    assert (
        run("editor", "add", "ana", "--role", "editor", "--password-stdin", input="a long enough one\n").exit_code == 0
    )
    result = run("editor", "token", "ana")
    assert result.exit_code == 0
    assert len(result.stdout.split()) == 1
    assert json.loads(run("editor", "list", "--json").stdout) == [{"name": "ana", "role": "editor", "disabled": False}]
    assert run("editor", "disable", "ana").exit_code == 0
    assert "disabled" in run("editor", "list").stdout


def test_an_editor_without_password_gets_a_link(run) -> None:
    assert "/curation/sign-in/" in run("editor", "add", "ana").stdout
    assert "/curation/sign-in/" in run("editor", "link", "ana").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("editor", "token", "nobody"), "no editor 'nobody'; `mpower-stream editor list` shows who there is"),
        (("editor", "disable", "nobody"), "`mpower-stream editor list` shows who there is"),
        (("editor", "link", "nobody"), "mpower-stream editor add nobody"),
        (("editor", "add", "../x"), "a name has"),
        (("sources", "list"), "there is no such file; name another with --sources"),
        (("db", "upgrade", "--database", "mysql://x"), "is not supported; use sqlite"),
        (("db", "backup", "mpower.db/monday.db"), "mpower.db/monday.db cannot be written"),
        (("db", "backup", "x" * 300), "cannot be written: File name too long; name another file"),
    ],
)
def test_a_wrong_word_gets_one_clear_line(run, words: tuple[str, ...], message: str) -> None:
    (Path.cwd() / "sources.toml").unlink(missing_ok=True)
    result = run(*words)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_password_that_is_too_short_is_refused(run) -> None:
    result = run("editor", "add", "ana", "--password-stdin", input="short\n")
    assert result.exit_code == 1
    assert "at least" in result.stderr


async def test_collect_says_a_line_a_source_and_fails_if_one_failed(
    site: PartnerSite, database_url: str, tmp_path: Path, program: Starter
) -> None:
    (tmp_path / "sources.toml").write_text(SOURCES.format(url=site.url))
    environment = {"MPOWER_DATABASE_URL": database_url, "MPOWER_ALLOW_PRIVATE": site.url.removeprefix("http://")}
    site.publish([sighting(n) for n in range(3)])
    site.put("/trusted", "", status=500)
    async with program("collect", folder=tmp_path, environment=environment, ready=False) as running:
        out, _ = await running.process.communicate()
        assert running.process.returncode == 1
        assert "✓ held: 3 new" in out.decode()
        assert "✗ trusted: " in out.decode()
    site.publish([], "/trusted")
    async with program("collect", "trusted", folder=tmp_path, environment=environment, ready=False) as running:
        assert "✓ trusted: 0 new" in (await running.process.communicate())[0].decode()
        assert running.process.returncode == 0
    async with program("collect", "--json", folder=tmp_path, environment=environment, ready=False) as running:
        outcomes = json.loads((await running.process.communicate())[0])
        assert {outcome["source_id"]: outcome["was_same"] for outcome in outcomes} == {"held": True, "trusted": True}


async def test_sources_are_checked_and_discovered_without_keeping_anything(
    site: PartnerSite, tmp_path: Path, program: Starter
) -> None:
    (tmp_path / "sources.toml").write_text(SOURCES.format(url=site.url))
    environment = {"MPOWER_ALLOW_PRIVATE": site.url.removeprefix("http://")}
    site.put("/", '<link rel="alternate" type="application/rss+xml" href="/feed">', "text/html")
    site.publish([sighting(1)])
    async with program("sources", "check", folder=tmp_path, environment=environment, ready=False) as running:
        out = (await running.process.communicate())[0].decode()
        assert running.process.returncode == 1
        assert "✓ held: rss20, 1 entries, newest 2026-11-01" in out
        assert "✗ trusted: " in out
    words = ("sources", "discover", f"{site.url}/")
    async with program(*words, folder=tmp_path, environment=environment, ready=False) as running:
        out = (await running.process.communicate())[0].decode()
        assert f'url = "{site.url}/feed"' in out
        assert 'languages = ["en"]' in out
    assert not (tmp_path / "var" / "mpower.db").exists()


async def test_a_source_that_costs_money_is_not_asked_by_a_check_and_is_no_failure(
    site: PartnerSite, tmp_path: Path, program: Starter
) -> None:
    of_x = 'kind = "x"\nurl = "https://x.com/City"\ntoken = "hush"\nmonthly_limit = 5'
    text = SOURCES.format(url=site.url).replace(f'kind = "feed"\nurl = "{site.url}/feed"', of_x, 1)
    (tmp_path / "sources.toml").write_text(text)
    environment = {"MPOWER_ALLOW_PRIVATE": site.url.removeprefix("http://")}
    async with program("sources", "check", "held", folder=tmp_path, environment=environment, ready=False) as running:
        out = (await running.process.communicate())[0].decode()
        assert "✓ held: not asked: to ask it costs money" in out
        assert running.process.returncode == 0


async def test_a_backup_is_whole_and_a_copy_moves_between_engines(database, tmp_path: Path, program: Starter) -> None:
    await keep(database, source(review=AUTO), [sighting(n) for n in range(7)])
    url = database.url.render_as_string(hide_password=False)
    target = tmp_path / "saved" / "monday.db"
    async with program(
        "db", "backup", str(target), folder=tmp_path, environment={"MPOWER_DATABASE_URL": url}, ready=False
    ) as running:
        await running.process.communicate()
        assert running.process.returncode == 0, running.log.read_text()
    with sqlite3.connect(target) as saved:
        assert saved.execute("SELECT count(*) FROM item").fetchone() == (7,)
    saved.close()
    words = ("db", "copy", url, "--database", f"sqlite+aiosqlite:///{target}")
    async with program(*words, folder=tmp_path, environment={}, ready=False) as running:
        await running.process.communicate()
        assert running.process.returncode == 1
        assert "the target is not empty" in running.log.read_text()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_copy_to_postgresql_goes_on_counting(database, tmp_path: Path, program: Starter) -> None:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/old.db") as old:
        await keep(old, source(review=AUTO), [sighting(n) for n in range(7)])
    url = database.url.render_as_string(hide_password=False)
    words = ("db", "copy", url, "--database", f"sqlite+aiosqlite:///{tmp_path}/old.db")
    async with program(*words, folder=tmp_path, environment={}, ready=False) as running:
        await running.process.communicate()
        assert running.process.returncode == 0, running.log.read_text()
    await keep(database, source(review=AUTO), [sighting(n) for n in range(9)])
    async with database.read() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM item")).scalar() == 9
        assert (await connection.exec_driver_sql("SELECT count(*) FROM decision")).scalar() == 9


async def test_the_program_stops_in_order_and_starts_again(
    site: PartnerSite, database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "sources.toml").write_text(SOURCES.format(url=site.url))
    environment = {"MPOWER_DATABASE_URL": database_url, "MPOWER_ALLOW_PRIVATE": site.url.removeprefix("http://")}
    async with start_program("run", folder=tmp_path, environment=environment) as running:
        assert running.link
        assert await running.stop() == 0
    async with start_program("run", folder=tmp_path, environment=environment) as running:
        assert await running.stop() == 0


async def test_a_taken_port_is_said_with_the_cure(site: PartnerSite, tmp_path: Path, program: Starter) -> None:
    (tmp_path / "sources.toml").write_text(SOURCES.format(url=site.url))
    environment = {"MPOWER_PORT": site.url.rpartition(":")[2], "MPOWER_ALLOW_PRIVATE": site.url.removeprefix("http://")}
    async with program("run", folder=tmp_path, environment=environment, ready=False) as running:
        await running.process.communicate()
        assert running.process.returncode == 1
        assert "set MPOWER_PORT to a free port" in running.log.read_text()


async def test_the_demo_shows_stream_and_queue_from_the_start(tmp_path: Path) -> None:
    async with start_program("demo", folder=tmp_path, environment={}) as running:
        assert running.link
        assert any("carbon-coop" in line for line in running.said)
        assert await running.stop() == 0


async def test_a_second_demo_on_the_same_port_leaves_the_first_ones_files_alone(
    tmp_path: Path, program: Starter
) -> None:
    async with program("demo", folder=tmp_path, environment={}) as first:
        port = first.url.rpartition(":")[2]
        folder = tmp_path / "var" / "demo" / port
        secret, database = (folder / "secret").read_text(), (folder / "mpower.db").stat().st_ino
        async with program("demo", folder=tmp_path, environment={"MPOWER_PORT": port}, ready=False) as second:
            await second.process.communicate()
            assert second.process.returncode == 1
            assert "set MPOWER_PORT to a free port" in second.log.read_text()
        assert (folder / "secret").read_text() == secret
        assert (folder / "mpower.db").stat().st_ino == database
        async with program("demo", folder=tmp_path, environment={}) as other:
            assert not other.url.endswith(f":{port}")
        assert (folder / "mpower.db").stat().st_ino == database


def test_what_was_learnt_is_shown_and_forgotten_without_a_server(run) -> None:
    said = json.loads(run("model", "show", "--json").stdout)
    assert (said["version"], said["decisions"], said["awake"]) == (0, 0, False)
    result = run("model", "reset")
    assert result.exit_code == 0
    assert "(0 so far)" in result.stdout
    assert json.loads(run("model", "show", "--json").stdout)["version"] == 1
    assert "version 1, 0 decisions" in run("model", "show").stdout
