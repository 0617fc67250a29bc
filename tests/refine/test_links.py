"""Addresses: one spelling to keep, one key to compare."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.refine import links
from aggregator.refine.links import MAX_URL_LENGTH, canonical_url, host_name, link_target, url_key
from tests.examples import examples
from tests.refine.strategies import any_text

BASE = "https://city.example/feed/index.xml?format=rss#top"


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://City.Example/News/", "https://city.example/News/"),
        ("https://city.example", "https://city.example"),
        ("  https://city.example/a\n\t", "https://city.example/a"),
        ("https://city.example/\n\tline", "https://city.example/line"),
        ("HTTP://city.example:80/a", "http://city.example/a"),
        ("https://city.example:443/a", "https://city.example/a"),
        ("https://city.example:8443/a", "https://city.example:8443/a"),
        ("https://user:pass@city.example/", "https://city.example/"),
        ("https://city.example\\@evil.invalid/", "https://city.example/@evil.invalid/"),
        ("https://city.example/a/./b/../c/", "https://city.example/a/c/"),
        ("https://city.example/%2e%2e/a/..", "https://city.example/"),
        ("https://city.example/a b", "https://city.example/a%20b"),
        ("https://žižek.example/čćž", "https://xn--iek-b3ab.example/%C4%8D%C4%87%C5%BE"),
        ("http://127。0。0。1/x", "http://127.0.0.1/x"),
        ("http://[0:0::1]:80/", "http://[::1]/"),
        ("https://city.example/x#part", "https://city.example/x"),
        ("https://city.example/#!/news/1", "https://city.example/#!/news/1"),
        ("https://city.example/?p=123&utm_source=rss&UTM_medium=x&lang=eu", "https://city.example/?p=123&lang=eu"),
        ("https://city.example/x?fbclid=1&gclid=2&mc_cid=3&at_medium=4", "https://city.example/x"),
        ("https://city.example/x?utm%5Fsource=1&b=2&a=1", "https://city.example/x?b=2&a=1"),
        ("https://city.example/x?a[]=1&ref=menu&source=2", "https://city.example/x?a[]=1&ref=menu&source=2"),
        ("https://city.example/%0d%0aSet-Cookie:x=1", "https://city.example/%0d%0aSet-Cookie:x=1"),
        ('https://city.example/"onmouseover=alert(1) x="', "https://city.example/%22onmouseover=alert(1)%20x=%22"),
        ("/rel/path", "https://city.example/rel/path"),
        ("rel/../x", "https://city.example/feed/x"),
        ("?p=1", "https://city.example/feed/index.xml?p=1"),
        ("//proto.example/x", "https://proto.example/x"),
    ],
)
def test_an_address_has_one_spelling(url: str, canonical: str) -> None:
    assert canonical_url(url, BASE) == canonical


@pytest.mark.parametrize(
    "url",
    [
        None, "", " ", "#frag", "javascript:alert(1)", "\x0ejavascript:alert(1)", "java\nscript:alert(1)",
        "data:text/html,x", "vbscript:x", "file:///etc/passwd", "mailto:a@city.example", "feed:https://city.example/f",
        "tel:+34000", "blob:https://city.example/1", "http:///nohost", "http://", "https://city.example:99999/",
        "https://city.example:0/", "https://city.example:١/", "https://a b/", "https://exa<mple/", "http://[::1", "http://[x]/",
        "http://2130706433/", "http://0x7f.1/", "http://1.2.3.256/", "https://..example/", "https://-/" + "x" * MAX_URL_LENGTH,
        "https://\ud800.example/", "https://city.example/\x0ex",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_none(url: str | None) -> None:
    assert canonical_url(url, BASE) is None


def test_a_relative_address_needs_a_base_that_is_a_web_address() -> None:
    assert canonical_url("/x") is None
    assert canonical_url("/x", "feed.xml") is None
    assert canonical_url("/x", "file:///feed.xml") is None


@pytest.mark.parametrize(
    "other",
    [
        "http://city.example/news/one",
        "https://www.city.example/news/one/",
        "https://www.city.example/news/one/?utm_source=rss&utm_medium=lol#more",
        "https://CITY.example:443/news//one/index.html",
        "https://city.example/news/%6fne",
    ],
)
def test_the_same_page_has_the_same_key(other: str) -> None:
    assert url_key(other) == url_key("https://city.example/news/one") == "city.example/news/one"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://city.example/?p=1", "https://city.example/?p=2"),
        ("https://city.example/a", "https://city.example/A"),
        ("https://city.example/a", "https://city.example:8443/a"),
        ("https://city.example/#!/1", "https://city.example/#!/2"),
        ("https://city.example/a", "https://blog.city.example/a"),
    ],
)
def test_different_pages_have_different_keys(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


def test_the_order_of_parameters_does_not_make_another_page() -> None:
    assert url_key("https://city.example/?b=2&a=1") == url_key("https://city.example/?a=1&b=2")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://city.example/news", "city.example"),
        ("https://www.city.example", "www.city.example"),
        ("https://city.example?x", "city.example"),
        ("https://city.example#x", "city.example"),
        ("https://city.example:8443/a", "city.example"),
        ("https://user@evil.example?x", "evil.example"),
        ("https://city.example:pw@evil.example:8443?x", "evil.example"),
        ("https://city.example\\@evil.example/", "city.example"),
        ("HTTPS://CITY.example/", "city.example"),
        ("https://žižek.example/", "xn--iek-b3ab.example"),
        ("https://xn--iek-b3ab.example:1/", "xn--iek-b3ab.example"),
        ("http://127。0。0。1:81/x", "127.0.0.1"),
        ("http://[0:0::1]:8080/", "[::1]"),
        ("http://[::1]", "[::1]"),
    ],
)
def test_a_host_is_told_as_browsers_tell_it(url: str, host: str) -> None:
    assert host_name(url) == host


def test_a_link_in_a_text_keeps_its_fragment_and_may_be_a_mail_address() -> None:
    assert link_target("/a#part", BASE) == "https://city.example/a#part"
    assert link_target("mailto:info@city.example?subject=x&bcc=y@z") == "mailto:info@city.example"
    assert link_target("mailto:a@b.example,c@d.example") is None
    assert link_target("javascript:x", BASE) is None


_parts = st.sampled_from(
    [
        "https://", "http://", "//", "city.example", "www.", "user@", ":80", ":443", "/", "\\", ".", "..", "%2e", "?", "&", "=",
        "#", "#!", "utm_source=x", "p=1", "%", "%zz", "%E4", "é", "\ud800", "\0", " ", "+", ";", "[", "]", "index.html", "//",
    ],
)  # fmt: skip
_addresses = st.one_of(
    any_text,
    st.lists(_parts, max_size=14).map("".join),
    st.lists(_parts, max_size=14).map(lambda parts: "https://city.example/" + "".join(parts)),
)


@settings(deadline=None, max_examples=examples(500))
@given(_addresses)
def test_an_address_keeps_its_host(url: str) -> None:
    host, canonical = host_name(url), canonical_url(url)
    assert host is not None or canonical is None
    if host is not None:
        assert host_name(f"https://{host}/") == host
    if canonical is not None:
        assert host_name(canonical) == host


@settings(deadline=None, max_examples=examples(500))
@given(_addresses, st.sampled_from([None, BASE]))
def test_a_canonical_address_is_its_own_canonical_address_and_keeps_its_key(url: str, base: str | None) -> None:
    canonical = canonical_url(url, base)
    if canonical is None:
        return
    assert canonical.isascii()
    assert canonical.startswith(("http://", "https://"))
    assert len(canonical) <= MAX_URL_LENGTH
    assert canonical_url(canonical) == canonical
    if base is None:
        assert url_key(canonical) == url_key(url)
    assert "@" not in canonical.partition("//")[2].partition("/")[0]


_nearly_settled = st.lists(
    st.sampled_from(["www.", "a-b.", "x--y", "city", ".", "-", "/", "//", "/.", "%41", "%2e", "?", "&", "=", "utm_source=1", "p[]=1", "index.html", "/Default.ASPX", "_", "0", "~", "\n", "#!x"]),
    max_size=8,
).map(lambda parts: "https://city.example" + "".join(parts))  # fmt: skip


@settings(deadline=None, max_examples=examples(500))
@given(st.one_of(_addresses, _nearly_settled))
def test_an_address_that_is_taken_as_it_stands_is_what_reading_it_gives(url: str) -> None:
    found = links._settled(url)
    if found is not None:
        address = links._parse(url, None)
        assert address is not None
        assert str(address) == url == canonical_url(url) == link_target(url)
        assert found.groups("") == (address.authority, address.path, address.query)


@pytest.mark.parametrize(
    "url",
    [
        "http://a/" + "../" * 2500,
        "http://" + "%" * 7000,
        "http://" + "é" * 7000,
        "http://" + "a-" * 900,
        "http://" + "a." * 900,
        " " * 1_000_000 + "x",
    ],
)
def test_a_huge_address_ends(url: str) -> None:
    canonical_url(url, BASE)
    url_key(url)
