"""Every kind of source has its page, and the index names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.collectors import KINDS

DOCS = Path(__file__).parents[2] / "docs" / "sources"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_its_page_with_an_example(kind: str) -> None:
    page = (DOCS / f"{kind}.md").read_text()
    assert f'kind = "{kind}"' in page
    assert f"[{kind}]({kind}.md)" in (DOCS / "README.md").read_text()
    for option in KINDS[kind].rules.options | KINDS[kind].rules.needs:
        assert f"`{option}`" in page or f"{option} =" in page or f"[source.{option}]" in page, option


@pytest.mark.parametrize(
    ("kind", "url", "said", "missing"),
    [
        ("mastodon", "https://social.example/lists/9", set(), {"token"}),
        ("mastodon", "https://social.example/lists/9", {"token"}, set()),
        ("mastodon", "https://social.example/@city", set(), set()),
        ("bluesky", "https://bsky.app/search?q=trams", {"user"}, {"token"}),
        ("bluesky", "https://bsky.app/search?q=trams", set(), {"user", "token"}),
        ("bluesky", "https://bsky.app/profile/city.example", set(), set()),
        ("reddit", "https://www.reddit.com/r/trams", {"token"}, {"user"}),
        ("reddit", "https://www.reddit.com/r/trams", {"user"}, {"token"}),
        ("reddit", "https://www.reddit.com/r/trams", set(), set()),
    ],
)
def test_what_an_address_needs_is_known_when_the_file_is_read(
    kind: str, url: str, said: set[str], missing: set[str]
) -> None:
    assert set(KINDS[kind].rules.lacks(url, said)) == missing


def test_the_feed_of_an_account_at_mastodon_is_told_from_its_name() -> None:
    assert "leave the .rss out" in (KINDS["mastodon"].rules.fits("https://social.example/@city.rss") or "")
