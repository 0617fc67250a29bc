"""The WordPress plugin in Debian's own WordPress, on PHP's own server and a real MariaDB, against the real stream."""

from __future__ import annotations

import asyncio
import re

import pytest
from lxml import html
from playwright.async_api import Page, expect

from tests.integrations.looking import news, see, titles

BLOCK = '<!-- wp:mpower/stream {"lang":"eu","layout":"cards","headingLevel":2,"live":true,"limit":5} /-->'


async def test_block_and_shortcode_show_the_rows_without_script(town, stream, session) -> None:
    shortcode = '[mpower_stream lang="fr" tag="solar" limit="3" heading-level="4" images="off" live]'
    url = await town.publish(session, f"{BLOCK}\n\n{shortcode}\n\n{shortcode}")
    page = await see(session, url)
    block, first, _second = page.xpath("//mpower-stream")
    assert titles(page) == news(*range(24, 19, -1)) + news(24, 23, 22) * 2
    assert {name: block.get(name) for name in ("src", "lang", "layout", "heading-level", "limit", "live")} == {
        "src": stream.url, "lang": "eu", "layout": "cards", "heading-level": "2", "limit": "5", "live": "",
    }  # fmt: skip
    assert dict(first.attrib) == {
        "class": "wp-exclude-emoji", "src": stream.url, "lang": "fr", "tag": "solar", "limit": "3", "heading-level": "4", "images": "off", "live": "",
    }  # fmt: skip
    assert block.getparent().get("class") == "wp-block-mpower-stream"
    assert block.xpath(".//li/article/@lang") == ["en"] * 5
    assert (len(block.xpath(".//h2")), len(first.xpath(".//h4"))) == (5, 3)
    assert block.xpath("string(.//a[@class='mpower-more'])") == "Kargatu gehiago"
    assert first.xpath(".//a[@class='mpower-more']/@href")[0].startswith(f"{stream.url}/stream?")
    # The same piece twice is one question to the stream, and no id stands twice.
    assert stream.pieces == [200, 200]
    ids = page.xpath("//mpower-stream//@id")
    assert len(ids) == len(set(ids))
    assert set(page.xpath("//mpower-stream//@aria-labelledby")) <= set(ids)
    assert page.xpath(f"//head/link[@href='{stream.url}/widget.css']")
    (script,) = page.xpath(f"//script[@src='{stream.url}/widget.js']")
    assert script.get("type") == "module"
    async with session.get(f"{town.url}/?feed=rss2") as answer:
        feed = await answer.text()
    assert "mpower-row" not in feed
    assert f"{stream.url}/stream?ui=eu" in feed
    other = await see(session, await town.publish(session, "Nothing but words."))
    assert not [address for address in other.xpath("//@href | //@src") if address.startswith(stream.url)]


@pytest.mark.browser
async def test_with_script_the_rows_are_kept_and_load_more_adds_to_them(town, stream, session, browser_page) -> None:
    url = await town.publish(session, "[mpower_stream]")
    loading = asyncio.Event()

    async def later(route) -> None:
        await loading.wait()
        await route.continue_()

    await browser_page.route("**/widget.js", later)
    await browser_page.goto(url, wait_until="commit")
    rows = browser_page.locator("mpower-stream .mpower-row")
    await expect(rows).to_have_count(10)
    await rows.evaluate_all("rows => rows.forEach(row => row.isOfTheServer = true)")
    loading.set()
    await browser_page.wait_for_function("Boolean(customElements.get('mpower-stream'))")
    before = list(stream.asked)
    await browser_page.locator("mpower-stream .mpower-more").click()
    await expect(rows).to_have_count(20)
    assert await rows.evaluate_all("rows => rows.map(row => Boolean(row.isOfTheServer))") == [True] * 10 + [False] * 10
    assert await rows.locator(".mpower-title").all_text_contents() == news(*range(24, 4, -1))
    assert not any(path.startswith("/stream.json") for path, _ in before)
    # The words may be asked for before the click or after it.
    later_paths = [path for path, _ in stream.asked[len(before) :] if not path.startswith("/strings/")]
    assert [path for path in later_paths if "cursor=" not in path] == []
    assert await browser_page.context.cookies() == []


@pytest.mark.browser
async def test_the_block_is_shown_as_it_is_written(town, stream, session, browser_page: Page) -> None:
    await browser_page.goto(f"{town.url}/wp-login.php")
    await browser_page.fill("#user_login", "nerea")
    await browser_page.fill("#user_pass", "nerea")
    await browser_page.click("#wp-submit")
    await browser_page.goto(f"{town.url}/wp-admin/post-new.php")
    await browser_page.wait_for_function(
        "window.wp?.blocks?.getBlockType('mpower/stream') && wp.data.select('core/editor').getCurrentPostId()"
    )
    await browser_page.evaluate(
        """() => {
            wp.data.dispatch('core/preferences').set('core/edit-post', 'welcomeGuide', false);
            const block = wp.blocks.createBlock('mpower/stream', { limit: 2 });
            wp.data.dispatch('core/block-editor').insertBlock(block);
            wp.data.dispatch('core/edit-post').openGeneralSidebar('edit-post/block');
        }"""
    )
    preview = browser_page.locator(".wp-block-mpower-stream .mpower-title")
    await expect(preview).to_have_text(news(24, 23), timeout=30_000)
    await browser_page.get_by_role("textbox", name="Topics").fill("none-has-it")
    await expect(browser_page.locator(".wp-block-mpower-stream .mpower-status")).to_have_text(
        re.compile("No items|Nothing|fit")
    )
    content = await browser_page.evaluate("wp.data.select('core/editor').getEditedPostContent()")
    assert content == '<!-- wp:mpower/stream {"tag":"none-has-it","limit":2} /-->'


async def test_an_author_may_show_the_stream_but_bring_no_script_of_another_host(town, stream, session) -> None:
    evil = "https://evil.example"
    content = (
        f'[mpower_stream limit="1"] [mpower_stream src="{evil}"] <!-- wp:mpower/stream {{"src":"{evil}"}} /-->'
        f'<script src="{evil}/widget.js"></script><mpower-stream src="{evil}"></mpower-stream>'
    )
    page = await see(session, await town.publish(session, content, author="nerea"))
    assert titles(page) == news(24)
    assert evil not in html.tostring(page.xpath("//main")[0]).decode().replace("&#8221;", "")
    assert not [address for address in page.xpath("//script/@src | //link/@href") if evil in address]


async def test_what_somebody_mistypes_is_never_asked_of_the_stream(town, stream, session) -> None:
    content = (
        '[mpower_stream limit="many" layout="wall" heading-level="1" tag="solar, ../x &lt;b&gt;" lang="../e" '
        'partner="tni\'x 1=1" images="yes" live="no"] [mpower_stream limit="1000" lang="eu_ES"]'
    )
    page = await see(session, await town.publish(session, content))
    assert [dict(element.attrib) for element in page.xpath("//mpower-stream")] == [
        {"class": "wp-exclude-emoji", "src": stream.url, "lang": "en", "tag": "solar"},
        {"class": "wp-exclude-emoji", "src": stream.url, "lang": "eu", "limit": "100"},
    ]
