"""Lists of feeds on the command line: in without harm to the file, out for any feed reader; and how a site is found."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aggregator.documents.opml import read_opml
from tests.builders import sighting
from tests.partner import PartnerSite
from tests.program import program
from web.commands import main

FILE = """# Who we listen to.
[stream]
title = "Cities & towns"
languages = ["en"]

[[partner]]
id = "brookford"
name = "Brookford"
url = "https://www.brookford.example/"

[[source]]
id = "brookford"   # the news
partner = "brookford"
kind = "feed"
url = "https://brookford.example/feed/"
languages = ["en"]
"""
LIST = """<?xml version="1.0" encoding="UTF-8"?><opml version="2.0"><head/><body>
<outline text="Cities">
 <outline text="Brookford" xmlUrl="http://www.brookford.example/feed" type="rss"/>
 <outline text="Brookford" xmlUrl="https://blog.brookford.example/atom.xml" htmlUrl="https://blog.brookford.example/" type="rss"/>
 <outline text="Ville de Lacbleu – &quot;Actualités&quot;" xmlUrl="https://lacbleu.example/rss" htmlUrl="https://lacbleu.example/" language="fr-FR" type="rss"/>
 <outline text="Lacbleu, agenda" xmlUrl="https://lacbleu.example/agenda.xml" type="rss"/>
</outline>
<outline text="Films"><outline text="Trams" xmlUrl="https://www.youtube.com/feeds/videos.xml?channel_id=UCaB3dEfGhIjKlMnOpQrStUv"/></outline>
<outline text="Inside" xmlUrl="http://10.0.0.7/feed"/>
<outline text="Script" xmlUrl="javascript:alert(1)"/>
<outline text="Login" xmlUrl="https://mila:secret@lacbleu.example/private"/>
<outline text="Mine" xmlUrl="https://www.reddit.com/r/trams/.rss?feed=SECRETTOKEN&amp;user=mila"/>
<outline text="Page" type="HTML+XPath" xmlUrl="https://page.example/"/>
</body></opml>"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPOWER_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/mpower.db")
    (tmp_path / "sources.toml").write_text(FILE)
    (tmp_path / "feeds.opml").write_text(LIST)

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["sources", *words])

    return run


def sources(path: Path) -> dict[str, dict[str, object]]:
    return {source["id"]: source for source in tomllib.loads(path.read_text())["source"]}


def test_a_list_comes_in_and_what_was_there_stays_as_it_was(run, tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.chmod(0o640)
    result = run("import", "feeds.opml")
    assert result.exit_code == 0, result.output
    assert path.read_text().startswith(FILE)
    assert path.with_name("sources.toml.before-import").read_text() == FILE
    assert path.stat().st_mode & 0o777 == 0o640
    found = sources(path)
    assert list(found) == ["brookford", "brookford-2", "ville-de-lacbleu-actualites", "lacbleu-agenda", "trams"]
    assert [found[name]["partner"] for name in found] == [
        "brookford",
        "brookford",
        "lacbleu-example",
        "lacbleu-example",
        "trams",
    ]
    assert (found["trams"]["kind"], found["ville-de-lacbleu-actualites"]["languages"]) == ("youtube", ["fr"])
    for said in (
        "is there already, as brookford",
        "not on the public internet",
        "has no web address",
        "user name or password",
    ):
        assert said in result.output
    assert "HTML+XPath" in result.output
    assert "SECRETTOKEN" not in path.read_text()
    assert "holds a private feed token" in result.output


def test_the_same_list_again_changes_nothing(run, tmp_path: Path) -> None:
    run("import", "feeds.opml")
    before = (tmp_path / "sources.toml").read_bytes()
    said = json.loads(run("import", "feeds.opml", "--json").stdout)
    assert (said["added"], said["partners"]) == ([], [])
    assert (tmp_path / "sources.toml").read_bytes() == before


def test_a_dry_run_prints_what_would_be_added_as_a_file_that_is_right(run, tmp_path: Path) -> None:
    result = run("import", "feeds.opml", "--dry-run")
    assert (tmp_path / "sources.toml").read_text() == FILE
    assert len(tomllib.loads(FILE + result.stdout)["source"]) == 5


def test_all_can_be_given_to_one_partner(run, tmp_path: Path) -> None:
    said = json.loads(run("import", "feeds.opml", "--partner", "brookford", "--json").stdout)
    assert said["partners"] == []
    assert {source["partner"] for source in sources(tmp_path / "sources.toml").values()} == {"brookford"}
    result = run("import", "feeds.opml", "--partner", "nobody")
    assert result.exit_code == 1
    assert "there is no partner 'nobody' in the file; there are: brookford" in result.output


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><outline text="&x;" xmlUrl="https://a.example/"/></opml>', "document type"),
        ("<html/>", "not OPML"),
        ("[stream]", "export its feeds as OPML"),
        ("<opml><body/></opml>", "names no feed"),
        ("<opml>" + " " * 10_000_001, "no list of feeds"),
    ],
)  # fmt: skip
def test_a_list_that_means_harm_is_one_clear_line(run, tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "feeds.opml").write_text(text)
    result = run("import", "feeds.opml")
    assert result.exit_code == 1
    assert why in result.output
    assert "Traceback" not in result.output
    assert (tmp_path / "sources.toml").read_text() == FILE


def test_titles_cannot_break_out_of_their_lines(run, tmp_path: Path) -> None:
    title = "x&quot;&#10;[[source]]&#10;id = &quot;evil&quot; \\ &#x7f; ]]&gt; &#x202e;"
    (tmp_path / "feeds.opml").write_text(
        f'<opml><body><outline text="{title}" xmlUrl="https://a.example/f"/></body></opml>'
    )
    assert run("import", "feeds.opml").exit_code == 0
    assert "evil" not in sources(tmp_path / "sources.toml")
    assert len(sources(tmp_path / "sources.toml")) == 2


def test_what_goes_out_comes_in_again_elsewhere(run, tmp_path: Path) -> None:
    run("import", "feeds.opml")
    result = run("export")
    assert result.exit_code == 0
    outlines = read_opml(result.stdout.encode())
    assert {outline.url for outline in outlines} == {
        "https://brookford.example/feed/",
        "https://blog.brookford.example/atom.xml",
        "https://lacbleu.example/rss",
        "https://lacbleu.example/agenda.xml",
        "https://www.youtube.com/feeds/videos.xml?channel_id=UCaB3dEfGhIjKlMnOpQrStUv",
    }
    assert "<title>Cities &amp; towns</title>" in result.stdout
    (tmp_path / "out.opml").write_text(result.stdout)
    assert json.loads(run("import", "out.opml", "--json").stdout)["added"] == []


def test_a_source_without_feed_goes_out_as_a_link(run, tmp_path: Path) -> None:
    hook = '\n[[source]]\nid = "own"\npartner = "brookford"\nkind = "hook"\nurl = "https://brookford.example/"\ntoken = "env:X"\n'
    discover = (
        '\n[[source]]\nid = "site"\npartner = "brookford"\nkind = "discover"\nurl = "https://brookford.example/x"\n'
    )
    (tmp_path / "sources.toml").write_text(FILE + hook + discover)
    text = run("export").stdout
    assert '<outline type="link" text="Brookford: own" url="https://brookford.example/"/>' in text
    assert '<outline type="link" text="Brookford: site" url="https://brookford.example/x"/>' in text


@pytest.mark.parametrize(
    ("kind", "url", "feed"),
    [
        ("bluesky", "https://bsky.app/profile/town.example", "https://bsky.app/profile/town.example/rss"),
        ("bluesky", "https://www.bsky.app/profile/Town.example/", "https://bsky.app/profile/town.example/rss"),
        ("bluesky", "https://bsky.app/profile/town.example/lists/3kq", None),
        ("bluesky", "https://bsky.app/profile/town.example/feed/trams", None),
        ("bluesky", "https://bsky.app/search?q=trams", None),
        ("bluesky", "https://appview.example/profile/town.example", None),
        ("mastodon", "https://social.example/@town", "https://social.example/@town.rss"),
        ("mastodon", "https://social.example/@town/", "https://social.example/@town.rss"),
        ("mastodon", "https://social.example/@town@elsewhere.example", None),
        ("mastodon", "https://social.example/tags/Energ%C3%ADa", "https://social.example/tags/Energ%C3%ADa.rss"),
        ("mastodon", "https://social.example/lists/12", None),
        ("wordpress", "https://town.example", "https://town.example/feed/"),
        ("wordpress", "https://town.example/blog/wp-json/", "https://town.example/blog/feed/"),
        ("wordpress", "https://town.example/?rest_route=/", "https://town.example/feed/"),
        ("peertube", "https://films.example/c/town", "https://films.example/feeds/videos.xml?videoChannelName=town"),
    ],
)
def test_a_network_goes_out_with_its_feed_where_it_has_one(
    run, tmp_path: Path, kind: str, url: str, feed: str | None
) -> None:
    block = f'\n[[source]]\nid = "own"\npartner = "brookford"\nkind = "{kind}"\nurl = "{url}"\n'
    needs = 'user = "town.example"\ntoken = "env:X"\n' if "search" in url else ""
    needs += 'token = "env:X"\n' if "/lists/12" in url else ""
    (tmp_path / "sources.toml").write_text(FILE + block + needs)
    outlines = read_opml(run("export").stdout.encode())
    assert {outline.url for outline in outlines} - {"https://brookford.example/feed/"} == ({feed} if feed else set())


async def test_the_block_for_a_site_is_printed_with_what_else_it_names(site: PartnerSite, tmp_path: Path) -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="{}">'
    site.put("/", link.format("/comments/feed/") + link.format("/feed") + link.format("/jobs.xml"), "text/html")
    site.publish([sighting(1)])
    environment = {"MPOWER_ALLOW_PRIVATE": site.url.removeprefix("http://")}
    async with program(
        "sources", "discover", site.url, folder=tmp_path, environment=environment, ready=False
    ) as running:
        out = (await running.process.communicate())[0].decode()
    (block,) = tomllib.loads(out)["source"]
    assert block == {
        "id": "127-0-0-1", "partner": "", "kind": "feed", "url": f"{site.url}/feed", "languages": ["en"], "every": "30m",
    }  # fmt: skip
    assert f'#   kind = "feed", url = "{site.url}/jobs.xml"' in out


def no_host(*_arguments: object, **_options: object) -> list[object]:
    """A name server that knows no name."""
    raise OSError


@pytest.mark.parametrize(
    ("written", "cure"),
    [
        ("", "write one such as https://"),
        (" ", "write one such as https://"),
        ("https://", "write one such as https://"),
        ("http://[", "write one such as https://"),
        ("://", "write one such as https://"),
        ("two words", "“two words” is no address; write one such as https://"),
        ("https://brook ford.example/", "write one such as https://"),
        ("ftp://brookford.example/news", "“ftp:” cannot be read; write the address of a page, beginning with https://"),
        ("file:///etc/passwd", "“file:” cannot be read"),
        ("mailto:mila@brookford.example", "“mailto:” cannot be read"),
        ("JavaScript:alert(1)", "“JavaScript:” cannot be read"),
        ("feed:https://brookford.example/feed", "“feed:” cannot be read"),
        ("https://mila:secret@brookford.example/", "leave them out"),
        ("brookford", "no host of the name brookford: look how it is written"),
        ("nobody.invalid", "no host of the name nobody.invalid"),
        ("nobody.invalid:8080/news", "no host of the name nobody.invalid"),
        ("https://nobody.invalid/news", "no host of the name nobody.invalid"),
        ("10.0.0.1", "MPOWER_ALLOW_PRIVATE=10.0.0.1:443"),
        ("http://[::1]/", "MPOWER_ALLOW_PRIVATE=[::1]:80"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line_with_its_cure(
    run, monkeypatch: pytest.MonkeyPatch, written: str, cure: str
) -> None:
    monkeypatch.setattr("aggregator.gate.socket.getaddrinfo", no_host)
    result = run("discover", "--", written)
    assert result.exit_code == 1
    assert cure in result.output
    assert "secret" not in result.output
    assert result.output.count("Error: ") == result.output.count("\n") == 1
