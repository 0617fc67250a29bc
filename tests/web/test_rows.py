"""Rows and pages: what they say, in which language, and that nothing in an item can become markup."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from aggregator.filters import Asked
from aggregator.model import Author
from aggregator.store.stream import AlsoOn, Counts, Image, StreamFilters, StreamItem, Translation
from tests.web.samples import CONFIGURATION, stream_item, stream_page
from web.rows import begin, make_row
from web.site import Site
from web.strings import all_strings
from web.views import render, show_call, show_choices, show_stream, translate_bar

EVERYTHING = Asked(StreamFilters())
HOSTILE = "\"'><script>pwned()</script><img src=x onerror=pwned()><svg/onload=pwned()> {{ 7 * 7 }} &lt;b&gt;"
HTML_PARSER = html.HTMLParser(encoding="utf-8")


def host_page(*items: StreamItem, language: str = "en", asked: Asked = EVERYTHING, cursor: str | None = None) -> Any:
    strings = all_strings()[language]
    page = stream_page(*items, next_cursor=cursor)
    text = render(
        "host.html",
        {
            "title": CONFIGURATION.stream.title,
            "public_url": "https://stream.example",
            "page_address": "https://stream.example/",
            "canonical": "https://stream.example/",
            "root": "",
            "strings": strings,
            "view": show_stream(page, asked, CONFIGURATION, strings),
            "only": False,
            "bar": translate_bar(CONFIGURATION),
            "intro": "Intro",
            "headline": "Warm homes",
            "more": ["One", "Two"],
            "calls": [show_call(call, language) for call in CONFIGURATION.calls],
            "partners": CONFIGURATION.partners,
            "feed_query": "",
        },
    )
    return html.fromstring(text.encode(), parser=HTML_PARSER)


def first(tree: Any, css_class: str) -> Any:
    return tree.xpath(f'//*[contains(concat(" ", @class, " "), " mpower-{css_class} ")]')[0]


def test_each_row_is_an_article_in_a_list_named_by_its_heading() -> None:
    tree = host_page(stream_item(1), stream_item(2, language="eu"))
    articles = tree.xpath("//mpower-stream/ol/li/article")
    assert [article.get("lang") for article in articles] == ["en", "eu"]
    for article in articles:
        assert article.get("dir") == "auto"
        (heading,) = article.xpath(f'.//h3[@id="{article.get("aria-labelledby")}"]')
        assert heading.xpath("a/@href")[0].startswith("https://partner.example/")
        assert article.xpath(".//time/@datetime")[0].endswith("Z")


def test_ids_are_unique_on_the_page() -> None:
    ids = host_page(*(stream_item(n) for n in range(20))).xpath("//@id")
    assert len(ids) == len(set(ids))


def test_the_language_is_marked_where_it_is_not_the_pages() -> None:
    tree = host_page(stream_item(1), stream_item(2, language="eu"), stream_item(3, language="und"))
    assert tree.xpath('//span[@class="mpower-language"]/text()') == ["Basque"]


def test_a_row_without_a_title_is_named_by_the_beginning_of_its_text() -> None:
    summary = "Registration is open now. Six weeks, three towns, one course."
    tree = host_page(stream_item(title=None, summary=summary))
    assert first(tree, "title").text_content() == "Registration is open now."
    assert first(tree, "summary").text_content() == "Six weeks, three towns, one course."


def test_a_row_without_any_words_is_named_by_its_partner() -> None:
    tree = host_page(stream_item(title=None, summary="", partner="tni"))
    assert first(tree, "title").text_content() == "Post by Transnational Institute"


@pytest.mark.parametrize(
    ("text", "beginning", "rest"),
    [
        pytest.param("", "", "", id="nothing"),
        pytest.param("Short.", "Short.", "", id="one short sentence"),
        pytest.param("Is it warm in here? Yes.", "Is it warm in here?", "Yes.", id="a whole sentence"),
        pytest.param("word " * 40, ("word " * 16).strip(), ("word " * 24).strip(), id="words of a long one"),
        pytest.param("x" * 200, "x" * 80, "x" * 120, id="no space at all"),
        pytest.param("熱" * 100, "熱" * 80, "熱" * 20, id="a script without spaces"),
    ],
)
def test_a_text_begins_with_a_sentence_else_with_some_words(text: str, beginning: str, rest: str) -> None:
    assert begin(text) == (beginning, rest)


@given(st.text())
def test_beginning_and_rest_are_the_whole_text(text: str) -> None:
    beginning, rest = begin(text)
    assert "".join((beginning + rest).split()) == "".join(text.split())
    assert len(beginning) <= 91


def test_an_editors_translation_is_shown_labelled_with_the_original_beside_it() -> None:
    item = stream_item(title="Warm homes", translations={"eu": Translation("Etxe epelak", None, "editor")})
    tree = host_page(item, language="eu")
    assert first(tree, "title").text_content() == "Etxe epelak"
    assert first(tree, "title").get("lang") == "eu"
    assert first(tree, "summary").get("lang") == "en"
    assert first(tree, "translated").text_content() == "Editore batek itzulia"
    original = first(tree, "original")
    assert original.tag == "details"
    assert original.xpath("p/@lang") == ["en", "en"]
    assert "Warm homes" in original.text_content()


def test_an_item_without_a_translation_stays_and_says_its_language() -> None:
    tree = host_page(stream_item(translations={"hr": Translation("Topli domovi", None, "editor")}), language="eu")
    assert first(tree, "title").text_content() == "Warm homes 0"
    assert first(tree, "language").text_content() == "ingelesa"


def test_the_same_story_elsewhere_is_linked() -> None:
    item = stream_item(
        also_on=(
            AlsoOn("1", "ehu", None, "en"),
            AlsoOn("2", "carbon-coop", "https://social.example/@carbon/1", "en"),
            AlsoOn("3", "tni", "https://tni.example/es", "es"),
            AlsoOn("4", "tni", "https://tni.example/x", "und"),
        )
    )
    tree = host_page(item)
    also = first(tree, "also")
    assert " ".join(also.text_content().split()) == (
        "Also on: University of the Basque Country · Carbon Co-op (social.example) · Transnational Institute (español)"
        " · Transnational Institute"
    )
    assert [(a.get("href"), a.get("hreflang"), a.xpath("span/@lang")) for a in also.xpath(".//a")] == [
        ("https://social.example/@carbon/1", None, []),
        ("https://tni.example/es", "es", ["es"]),
        ("https://tni.example/x", None, []),
    ]
    assert (also.get("role"), also.get("aria-label")) == ("group", "Also on:")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://www.social.example/@carbon/1", "Carbon Co-op (social.example)"),
        ("https://social.www.example/", "Carbon Co-op (social.www.example)"),
        ("https://social.example:8443?post=1", "Carbon Co-op (social.example)"),
        ("https://carbon.example@evil.example?x", "Carbon Co-op (evil.example)"),
        ("https://xn--iek-b3ab.example", "Carbon Co-op (xn--iek-b3ab.example)"),
        ("https://[", "Carbon Co-op"),
        ("https://", "Carbon Co-op"),
        ("javascript:alert(1)//social.example/", "Carbon Co-op"),
    ],
)
def test_elsewhere_at_the_same_partner_is_told_by_its_host(url: str, shown: str) -> None:
    tree = host_page(stream_item(also_on=(AlsoOn("1", "carbon-coop", url, "en"),)))
    assert first(tree, "also").xpath("bdi")[0].text_content().strip() == shown


def test_a_language_elsewhere_is_not_named_to_those_who_read_it() -> None:
    item = stream_item(language="es", also_on=(AlsoOn("1", "tni", "https://tni.example/eu", "eu"),))
    assert "euskara" in first(host_page(item), "also").text_content()
    assert "euskara" not in first(host_page(item, language="eu"), "also").text_content()


def test_a_row_says_which_story_it_tells_and_what_else_tells_it() -> None:
    also = (AlsoOn("b", "tni", None, "es"), AlsoOn("c", "ehu", None, "eu"))
    rows = host_page(stream_item(1), stream_item(2, story="a", also_on=also)).xpath("//mpower-stream/ol/li")
    assert [(row.get("data-story"), row.get("data-also")) for row in rows] == [("01J00001", None), ("a", "b c")]


def test_a_picture_has_its_words_and_its_size_and_waits_to_be_seen() -> None:
    item = stream_item(image="ab.webp", image_alt="A street", image_width=960, image_height=640)
    picture = first(host_page(item), "image")
    assert dict(picture.attrib) == {
        "class": "mpower-image", "src": "/media/ab.webp", "alt": "A street", "width": "960", "height": "640",
        "loading": "lazy",
    }  # fmt: skip


def test_a_picture_comes_in_the_width_that_a_screen_needs_with_its_colour_before_it() -> None:
    copies = (Image("a.webp", 320, 213), Image("ab.webp", 960, 640))
    picture = first(host_page(stream_item(image="ab.webp", images=copies, image_colour="#0e5a45")), "image")
    assert picture.get("srcset") == "/media/a.webp 320w,/media/ab.webp 960w"
    assert picture.get("sizes").startswith("auto,")
    assert picture.get("data-colour") == "#0e5a45"


def test_a_video_is_a_picture_with_a_mark_and_its_words_and_a_link() -> None:
    row = first(host_page(stream_item(kind="video", image="ab.webp"), language="eu"), "row")
    assert row.xpath(".//div/img/@src") == ["/media/ab.webp"]
    assert first(row, "play").text_content() == "Erreproduzitu bideoa"
    assert not row.xpath(".//iframe | .//video | .//embed | .//object")
    assert row.xpath(".//h3/a/@href") == ["https://partner.example/0"]


def test_a_picture_without_words_is_decoration() -> None:
    assert first(host_page(stream_item(image="ab.webp")), "image").get("alt") == ""


def test_load_more_leads_on_without_script_and_with_it() -> None:
    asked = Asked(StreamFilters(tag=("solar",)), limit=5)
    link = first(host_page(stream_item(), asked=asked, cursor="on"), "more")
    assert link.get("href") == "/stream?tag=solar&ui=en&limit=5&cursor=on"
    assert link.get("data-next") == "/stream.json?tag=solar&prefer=en&limit=5&cursor=on"


def test_who_asks_for_another_language_is_led_on_in_it() -> None:
    tree = host_page(stream_item(), asked=Asked(StreamFilters(), prefer=("eu", "es")), cursor="on")
    assert first(tree, "more").get("href") == "/stream?prefer=eu&prefer=es&ui=en&cursor=on"
    assert first(tree, "more").get("data-next") == "/stream.json?prefer=eu&prefer=es&cursor=on"
    assert tree.xpath("//mpower-stream/@prefer") == ["eu es"]


def test_the_last_page_says_that_it_is_the_last() -> None:
    tree = host_page(stream_item())
    assert not tree.xpath('//a[@class="mpower-more"]')
    assert first(tree, "status").text_content() == "That is all."


def test_an_empty_stream_says_so() -> None:
    assert first(host_page(), "status").text_content() == "There is nothing here yet."


def test_filters_that_nothing_fits_are_not_an_empty_stream() -> None:
    asked = Asked(StreamFilters(q="nothing like it"))
    assert first(host_page(asked=asked), "status").text_content() == "Nothing fits these filters."
    tree = stream_page_of(asked, Counts(0, {}, {}, {}))
    assert tree.xpath('//section//a[@href="/sub/stream?ui=en"]/text()') == ["Clear filters"]


def test_the_element_repeats_what_was_asked_and_is_live_on_the_first_page_alone() -> None:
    filters = StreamFilters(lang=("eu", "fr"), tag=("solar",))
    element = host_page(asked=Asked(filters, limit=5)).xpath("//mpower-stream")[0]
    assert dict(element.attrib) == {"lang": "en", "languages": "eu fr", "tag": "solar", "limit": "5", "live": ""}
    assert host_page(asked=Asked(filters, cursor="x")).xpath("//mpower-stream/@live") == []


def test_the_bar_has_six_languages_each_in_its_own_name_and_tongue() -> None:
    links = host_page(language="eu").xpath('//nav[@class="languages"]//a')
    assert [(a.text_content(), a.get("lang"), a.get("href")) for a in links] == [
        ("Euskara", "eu", "/?lang=eu"),
        ("Hrvatski", "hr", "/?lang=hr"),
        ("Français", "fr", "/?lang=fr"),
        ("Deutsch", "de", "/?lang=de"),
        ("Español", "es", "/?lang=es"),
        ("English", "en", "/?lang=en"),
    ]
    assert [a.get("lang") for a in links if a.get("aria-current")] == ["eu"]


def test_a_call_is_in_the_visitors_language_as_far_as_it_goes() -> None:
    (call,) = host_page(language="eu").xpath('//section[@class="call"]')
    assert [(node.get("lang"), node.text_content()) for node in call.xpath("h3 | p | a")] == [
        ("eu", "Hiru ikastaro"),
        ("en", "With colleagues from other towns."),
        ("en", "Express interest"),
    ]


@pytest.mark.parametrize("language", sorted(all_strings()))
def test_the_host_page_has_its_headline_and_language(language: str) -> None:
    tree = host_page(language=language)
    assert tree.xpath("/html/@lang") == [language]
    assert tree.xpath("//h1/text()") == ["Warm homes"]


def test_no_page_has_inline_script_nor_any_style_but_the_one_that_its_policy_names() -> None:
    tree = host_page(stream_item(image="ab.webp", image_colour="#123456"))
    assert [script.get("src") for script in tree.xpath("//script")] == ["/widget.js"]
    assert not tree.xpath("//@style | //@*[starts-with(name(), 'on')]")
    (style,) = tree.xpath("//style/text()")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = Site(CONFIGURATION, "https://stream.example", all_strings()["en"]).policy
    assert f"style-src 'sha256-{digest}';" in policy


def hostile(field: str) -> StreamItem:
    values: dict[str, Any] = {
        "id": HOSTILE,
        "title": HOSTILE,
        "summary": HOSTILE,
        "url": f"javascript:pwned()//{HOSTILE}",
        "image": HOSTILE,
        "language": HOSTILE,
        "tags": (HOSTILE,),
        "partner": HOSTILE,
        "kind": HOSTILE,
        "authors": (Author(HOSTILE, HOSTILE),),
        "also_on": (AlsoOn(HOSTILE, HOSTILE, f"data:text/html,{HOSTILE}", HOSTILE),),
        "translations": {"en": Translation(HOSTILE, HOSTILE, HOSTILE)},
    }
    language = {"language": "eu"} if field == "translations" else {}
    return replace(stream_item(), **language, **{field: values[field]})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "field",
    [
        "id", "title", "summary", "url", "image", "language", "tags", "partner", "kind", "authors", "also_on",
        "translations",
    ],
)  # fmt: skip
def test_hostile_text_stays_text(field: str) -> None:
    harmless, tree = host_page(stream_item()), host_page(hostile(field))
    assert len(tree.xpath("//script")) == len(harmless.xpath("//script"))
    assert not tree.xpath("//@onerror | //@onload | //svg[@onload]")
    for address in tree.xpath("//@href | //@src"):
        assert re.match(r"https?://|/|#", address), address
    assert "{{ 7 * 7 }}" in HOSTILE
    assert "49" not in tree.xpath("//mpower-stream")[0].text_content()


@pytest.mark.parametrize("url", ["javascript:pwned()", " \x01javascript:pwned()", "data:text/html,x", "//host", None])
def test_only_web_addresses_become_links(url: str | None) -> None:
    row = make_row(stream_item(url=url), CONFIGURATION, all_strings()["en"])
    assert row.url is None
    assert not first(host_page(stream_item(url=url)), "title").xpath("a")


def stream_page_of(asked: Asked, counts: Counts, *items: StreamItem) -> Any:
    strings = all_strings()["en"]
    values = {
        "title": "mPOWER",
        "public_url": "https://stream.example",
        "root": "/sub",
        "strings": strings,
        "view": show_stream(stream_page(*items), asked, CONFIGURATION, strings, root="/sub", heading_level=2),
        "cursor": asked.cursor,
        "newest": "/sub/stream?ui=en",
        "choices": show_choices(counts, asked.filters, CONFIGURATION, strings),
        "kept": (("kind", "video"),),
        "q": asked.filters.q or "",
        "filtered": True,
        "feed_query": "",
        "page_address": "https://stream.example/sub/stream",
        "description": "Intro",
        "bar": translate_bar(CONFIGURATION),
        "elsewhere": {language: f"?ui={language}" for language in all_strings()},
        "data": "",
    }
    return html.fromstring(render("stream.html", values).encode(), parser=HTML_PARSER)


def test_the_filters_are_a_form_that_needs_no_script() -> None:
    counts = Counts(5, {"en": 2, "pt": 1, "pt-BR": 1, "und": 1}, {"solar": 3}, {"tni": 5})
    tree = stream_page_of(Asked(StreamFilters(tag=("solar",), q="heat & 'light'")), counts, stream_item())
    (form,) = tree.xpath('//form[@method="get"][@action="/sub/stream"]')
    shown = {
        select.get("name"): [(o.get("value"), o.text_content()) for o in select.xpath("option[@value!='']")]
        for select in form.xpath(".//select")
    }
    assert shown == {
        "lang": [("en", "English (2)"), ("pt", "Portuguese (2)")],
        "tag": [("solar", "Solar energy (3)")],
        "partner": [("tni", "Transnational Institute (5)")],
    }
    assert form.xpath(".//option[@selected]/@value") == ["solar"]
    assert form.xpath('.//input[@name="q"]/@value') == ["heat & 'light'"]
    assert form.xpath('.//input[@type="hidden"]/@name') == ["ui", "kind"]


def test_every_address_of_ours_stands_under_the_root() -> None:
    tree = stream_page_of(EVERYTHING, Counts(0, {}, {}, {}), stream_item())
    own = [address for address in tree.xpath("//@href | //@src | //@action") if not address.startswith(("http", "#"))]
    assert own
    assert all(address.startswith("/sub/") for address in own)
