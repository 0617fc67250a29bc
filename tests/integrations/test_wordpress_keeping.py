"""What the WordPress plugin keeps of a stream, for how long, and what it lets pass."""

from __future__ import annotations

import asyncio
import re

from aiohttp import web
from lxml import html

from tests.builders import sighting
from tests.integrations.looking import news, see, titles
from tests.integrations.wordpresssite import WordPressSite
from web.strings import all_strings


async def test_a_stream_is_asked_once_a_minute_and_shown_as_it_was_while_it_cannot_be_reached(
    town, stream, session
) -> None:
    url = await town.publish(session, "[mpower_stream limit=2 lang=hr]")

    async def shown() -> list[str]:
        return titles(await see(session, url))

    assert [await shown() for _ in range(3)] == [news(24, 23)] * 3
    assert stream.pieces == [200]
    await stream.publish(sighting(30))
    assert await shown() == news(24, 23)

    town.patience(fresh=0)
    age(town)
    assert await shown() == news(30, 24)
    assert await shown() == news(30, 24)
    assert stream.pieces == [200, 200, 304]
    town.patience(fresh=60)
    assert [await shown() for _ in range(3)] == [news(30, 24)] * 3
    assert stream.pieces == [200, 200, 304, 304]  # not changed: fresh for another minute

    age(town)
    stream.answer = web.Response(status=503, text="<p>down</p>", content_type="text/html")
    assert [await shown() for _ in range(3)] == [news(30, 24)] * 3
    assert stream.pieces == [200, 200, 304, 304, 503]  # tried once, then left in peace
    await stream.publish(sighting(31))
    stream.answer = None
    age(town)
    assert await shown() == news(31, 30)


def age(town: WordPressSite) -> None:
    """Make what is kept older than a minute; it is still there a week later."""
    left = town.php(
        """
        $names = $wpdb->get_col( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE '_transient_mpower_stream_%'" );
        foreach ( $names as $name ) {
            $kept = get_option( $name );
            $kept['until'] = time() - 1;
            update_option( $name, $kept );
            $answer[] = get_option( str_replace( '_transient_', '_transient_timeout_', $name ) ) - time();
        }
        """
    )
    assert left
    assert min(left) > 7 * 24 * 3600


async def test_where_nothing_was_ever_had_there_is_a_link_in_the_visitors_language(town, stream, session) -> None:
    stream.answer = web.Response(status=500, text="no")
    for language, strings in all_strings().items():
        url = await town.publish(session, f'[mpower_stream lang="{language}"]')
        page = await see(session, url)
        (link,) = page.xpath('//p[@class="mpower-stream-link"]/a')
        assert (link.get("href"), link.get("lang")) == (f"{stream.url}/stream?ui={language}", strings.language)
        assert link.text
        assert not page.xpath("//*[@class='mpower-stream-note']")
        assert not page.xpath(f"//script[starts-with(@src, '{stream.url}')]")
    assert stream.pieces == [500] * 7
    town.show()
    assert "mpower-stream-link" not in html.tostring(await see(session, url)).decode()


async def test_of_many_visitors_at_once_one_waits_for_the_stream(town, stream, session) -> None:
    url = await town.publish(session, "[mpower_stream limit=1]")
    assert titles(await see(session, url)) == news(24)
    await stream.publish(sighting(30))
    age(town)
    stream.gate = asyncio.Event()
    first = asyncio.create_task(see(session, url))
    async with asyncio.timeout(30):
        await stream.waiting.wait()
    assert [titles(await see(session, url)) for _ in range(2)] == [news(24)] * 2
    stream.gate.set()
    assert titles(await first) == news(30)
    assert stream.pieces == [200, 200]


HOSTILE = """
<mpower-stream src="javascript:alert(1)" lang="en" onclick="pwned()" style="position:fixed">
<script>pwned()</script><style>body{display:none}</style><iframe src="https://evil.example/"></iframe>
<ol class="mpower-rows" role="list" onmouseover="pwned()"><li class="mpower-row" data-id="1" data-story="1">
<article class="mpower-item" aria-labelledby="mpower-1-1" lang="en" dir="auto">
<h3 class="mpower-title" id="mpower-1-1"><a href="java&#10;script:followed()" rel="noopener">A row</a></h3>
<p><time datetime="2026-11-23">Today</time> <bdi>Somebody</bdi> <a href="data:text/html,followed">x</a></p>
<details class="mpower-warning"><summary>Careful</summary><p>Text</p></details>
<img class="mpower-image" src="x" onerror="pwned()" alt=""><svg onload="pwned()"><a href="javascript:pwned()">y</a></svg>
<form action="https://evil.example/"><input name="password"></form><math><mtext>pwned</mtext></math>
<template><b>pwned</b></template><object data="pwned"></object><img src="javascript:followed()" alt="">
</article></li></ol></div></div></main><p class="mpower-status" role="status"></p></mpower-stream>
"""


async def test_a_hostile_piece_is_cleaned_before_it_is_kept(town, stream, session) -> None:
    stream.answer = web.Response(text=HOSTILE, content_type="text/html")
    page = await see(session, await town.publish(session, "[mpower_stream]"))
    (element,) = page.xpath("//mpower-stream")
    shown = html.tostring(element).decode()
    assert titles(page) == ["A row"]
    assert element.xpath("string(.//time/@datetime)") == "2026-11-23"
    assert element.xpath("string(.//details/summary)") == "Careful"
    assert not [address for address in element.xpath(".//@href | .//@src") if re.match(r"[^/]*:(?!//)", address)]
    for word in (
        "pwned",
        "evil",
        "script",
        "onerror",
        "onclick",
        "style=",
        "data:",
        "<form",
        "<input",
        "<iframe",
        "<svg",
    ):
        assert word not in shown, word
    # Whatever ends are missing or too many, what stands around it stays whole.
    for piece in (HOSTILE, HOSTILE.replace("</article></li></ol>", "")):
        cleaned = town.php("$answer = mpower_stream_clean( $given['piece'] );", piece=piece)
        tags = re.findall(r"<(/?)([a-z0-9-]+)", cleaned)
        assert tags[0] == ("", "mpower-stream")
        assert tags[-1] == ("/", "mpower-stream")
        for name in {name for _, name in tags} - {"img"}:
            assert tags.count(("", name)) == tags.count(("/", name)), name
    url = await town.publish(session, "[mpower_stream]")
    for text in ("<p>No stream.</p>", "<mpower-stream>" + "x" * 3_000_000 + "</mpower-stream>"):
        stream.answer = web.Response(text=text, content_type="text/html")
        town.show(stream.url)
        page = await see(session, url)
        assert page.xpath('//p[@class="mpower-stream-link"]')
        assert not page.xpath("//mpower-stream")
