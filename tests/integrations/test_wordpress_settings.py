"""Who may set up the WordPress plugin, and what is left when it goes."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession, CookieJar
from lxml import html

from tests.integrations.looking import see
from tests.integrations.wordpresssite import PLUGIN, WordPressSite


@asynccontextmanager
async def signed_in(town: WordPressSite, name: str) -> AsyncIterator[ClientSession]:
    async with ClientSession(town.url, cookie_jar=CookieJar(unsafe=True)) as session:
        async with session.get("/wp-login.php"):
            pass
        async with session.post("/wp-login.php", data={"log": name, "pwd": name}, allow_redirects=False) as answer:
            assert answer.status == 302
        yield session


WRONG = (
    "stream", "javascript:alert(1)", "ftp://stream.example.org", "https://a@127.0.0.1:8000/", "http://", "<b>x</b>",
    "https://127.0.0.1/?x=1", "https://127.0.0.1/#x", "http://127.0.0.1 /", "https:///stream",
)  # fmt: skip


async def test_the_address_is_set_by_administrators_alone_and_must_be_one(town, stream) -> None:
    field, where = "mpower_stream_addresses", "/wp-admin/options-general.php?page=mpower-stream"

    async def save(session: ClientSession, text: str) -> str:
        async with session.get(where) as answer:
            (form,) = html.fromstring(await answer.text()).xpath("//form[@action='options.php']")
        form.fields[field] = text
        async with session.post("/wp-admin/options.php", data=dict(form.form_values())) as answer:
            assert answer.status == 200
            page = html.fromstring(await answer.text())
        return " ".join(notice.text_content().strip() for notice in page.xpath("//div[contains(@class,'notice')]"))

    def kept() -> list[str]:
        return town.php("$answer = get_option('mpower_stream_addresses');")

    async with signed_in(town, "admin") as session:
        assert "“stream” is not the address of a stream" in await save(session, f"{stream.url}/other stream")
        assert kept() == [stream.url]
        assert "Settings saved" in await save(session, f" {stream.url}/ \n{stream.url}/other\n{stream.url}")
        assert kept() == [stream.url, f"{stream.url}/other"]
        form = {"option_page": "mpower_stream", "action": "update", field: "https://evil.example"}
        async with session.post("/wp-admin/options.php", data=form) as answer:
            assert answer.status == 403  # no nonce
    for name in ("nerea", "luka"):
        async with signed_in(town, name) as session:
            async with session.get(where) as answer:
                assert answer.status == 403
            async with session.post("/wp-admin/options.php", data=form) as answer:
                assert answer.status == 403
    assert kept() == [stream.url, f"{stream.url}/other"]
    read = "$answer = array_map( 'mpower_stream_read_address', $given['typed'] );"
    assert town.php(read, typed=[*WRONG, "https://127.0.0.1/below/"]) == [""] * len(WRONG) + ["https://127.0.0.1/below"]


async def test_uninstalling_leaves_nothing(town, stream, session) -> None:
    await see(session, await town.publish(session, "[mpower_stream]"))
    names = "$answer = $wpdb->get_col( \"SELECT option_name FROM $wpdb->options WHERE option_name LIKE '%mpower%'\" );"
    assert len(town.php(names)) == 3
    town.php(
        "require_once ABSPATH . 'wp-admin/includes/plugin.php'; uninstall_plugin( 'mpower-stream/mpower-stream.php' );"
    )
    assert town.php(names) == []


def test_every_file_is_php_as_php_reads_it(town) -> None:
    files = sorted(PLUGIN.rglob("*.php"))
    assert len(files) > 8
    done = subprocess.run(
        ["sh", "-c", 'for file in "$@"; do php -d error_reporting=-1 -d display_errors=1 -l "$file" || exit 1; done', "sh", *files],
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert set(done.stdout.split("\n")) == {f"No syntax errors detected in {file}" for file in files} | {""}
