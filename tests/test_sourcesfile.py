"""sources.toml: what is wrong is named by file, line, key and cure; what is right comes out whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.addresses import Allowed
from aggregator.errors import CollectError, SettingsError
from aggregator.model import Configuration, ReviewMode
from aggregator.sources import CurrentSources
from aggregator.sourcesfile import Rules, parse_sources, read_sources

GOOD = """
[stream]
title = "Test"
languages = ["en", "eu"]
review = "veto:6h"

[[partner]]
id = "tni"
name = "Transnational Institute"
country = "NL"
url = "https://www.tni.org/"

[[source]]
id = "tni-news"
partner = "tni"
kind = "feed"
url = "https://www.tni.org/en/rss.xml"
languages = ["en"]
every = "1h"
tags = ["solar"]

[[tag]]
id = "solar"
label = { en = "Solar", eu = "Eguzki-energia" }
[tag.words]
en = ["solar panel"]
"""


def parse(text: str) -> Configuration:
    return parse_sources(text, name="sources.toml", kinds={"feed": Rules(), "discover": Rules()})


def test_a_good_file_is_read_whole() -> None:
    configuration = parse(GOOD)
    source = configuration.sources[0]
    assert configuration.stream.languages == ("en", "eu")
    assert (source.every, source.review.mode, source.review.delay) == (
        timedelta(hours=1),
        ReviewMode.VETO,
        timedelta(hours=6),
    )
    assert configuration.tags[0].words == {"en": ("solar panel",)}


def test_a_stream_may_have_a_headline_by_language() -> None:
    assert parse(GOOD).stream.headline == {}
    headed = GOOD.replace("review =", 'headline = { en = "Warm homes", eu = "Etxe epelak" }\nreview =')
    assert parse(headed).stream.headline == {"en": "Warm homes", "eu": "Etxe epelak"}


def test_the_stream_is_pushed_by_our_own_hub_unless_another_is_named_or_none() -> None:
    assert parse(GOOD).stream.hub == "own"
    for hub in ("none", "https://hub.example/"):
        assert parse(GOOD.replace("review =", f'hub = "{hub}"\nreview =', 1)).stream.hub == hub
    private = GOOD.replace("review =", 'hub = "http://10.0.0.7/hub"\nreview =', 1)
    with pytest.raises(SettingsError, match=r"sources\.toml:5: stream\.hub: never"):
        parse_sources(
            private,
            name="sources.toml",
            kinds={"feed": Rules()},
            refuses=lambda url: "never" if "//10." in url else None,
        )


MISTAKES = {
    "a syntax error": ('title = "Test"', 'title = "Test', "sources.toml:3: is not valid TOML"),
    "an unknown key": ("every =", "evry =", "sources.toml:19: source[1].evry: is no key of this table; did you mean 'every'?"),
    "an interval of nothing": ('"1h"', '"0s"', "sources.toml:19: source[1].every: '0s' is too short"),
    "an interval without unit": ('"1h"', "60", "sources.toml:19: source[1].every: 60: write a number and a unit"),
    "an unknown partner": ('partner = "tni"', 'partner = "tin"', "sources.toml:15: source[1].partner: 'tin' is no [[partner]] here; did you mean 'tni'?"),
    "an unknown kind": ('kind = "feed"', 'kind = "fax"', "sources.toml:16: source[1].kind: 'fax' is no kind of source here; there are: discover, feed"),
    "an unknown tag": ('tags = ["solar"]', 'tags = ["wind"]', "sources.toml:20: source[1].tags: 'wind' is no [[tag]] here; there are: solar"),
    "a scheme that is not the web's": ("https://www.tni.org/en", "file:///etc", "sources.toml:17: source[1].url: 'file:///etc/rss.xml' is no web address"),
    "a wrong type": ('languages = ["en", "eu"]', 'languages = "en"', "sources.toml:4: stream.languages: 'en':"),
    "a table that is none": ('{ en = "Solar", eu = "Eguzki-energia" }', '"Solar"', "sources.toml:24: tag[1].label: 'Solar': write a table"),
    "a table of nothing": ('{ en = "Solar", eu = "Eguzki-energia" }', "{}", "sources.toml:24: tag[1].label: {}: write at least 1"),
    "a key that is no language": ("eu =", "basque =", "sources.toml:24: tag[1].label.basque: 'basque' does not fit; write a language tag"),
    "a text of nothing": ('"Solar"', '" "', "sources.toml:24: tag[1].label.en: ' ': write at least one letter"),
    "a text without quotes": ('"Transnational Institute"', "1974", "sources.toml:9: partner[1].name: 1974: write a text, in quotes"),
    "a switch in quotes": ('every = "1h"', 'enabled = "no"', "sources.toml:19: source[1].enabled: 'no': write true or false, without quotes"),
    "none of several words": ('every = "1h"', 'vanished = "ask"', "sources.toml:19: source[1].vanished: 'ask': write \"tell\" or \"withdraw\""),
    "a number too many": ('every = "1h"', "monthly_limit = 1e9", "sources.toml:19: source[1].monthly_limit: 1000000000.0: write a number from 0 to 100,000"),
    "one of a list": ('["solar panel"]', '["solar panel", 7]', "sources.toml:26: tag[1].words.en[2]: 7: write a text, in quotes"),
    "a missing key": ('name = "Transnational Institute"', "", "sources.toml:7: partner[1].name: is missing; add name = …"),
    "a missing table": ("[stream]", "[tream]", "sources.toml:1: stream: is missing; add a table [stream]"),
    "a bad review": ('"veto:6h"', '"maybe"', "sources.toml:5: stream.review: 'maybe': write \"hold\", \"auto\" or \"veto:6h\""),
    "a hub that is none": ("review =", 'hub = "mine"\nreview =', "sources.toml:5: stream.hub: 'mine': write \"own\", \"none\", or the address of a WebSub hub"),
    "a bad id": ('id = "solar"', 'id = "So lar"', "sources.toml:23: tag[1].id: 'So lar' does not fit; use lower-case letters"),
}  # fmt: skip


@pytest.mark.parametrize(("good", "bad", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_line_and_cure(good: str, bad: str, message: str) -> None:
    assert good in GOOD
    with pytest.raises(SettingsError) as caught:
        parse(GOOD.replace(good, bad, 1))
    assert message in str(caught.value)


CALL = """
[[call]]
id = "course"
title = { en = "A course" }
button = { en = "Take part" }
from = 2026-11-01
until = 2026-11-30
options = [{ id = "heat", label = { en = "Heat" } }, { id = "grid", label = { en = "Grids" } }]
keep = "90d"
"""


def test_a_call_with_a_form_is_read_whole_and_its_days_are_whole_days_in_utc() -> None:
    (call,) = parse(GOOD + CALL).calls
    assert (call.url, call.keep, [option.id for option in call.options]) == (None, timedelta(days=90), ["heat", "grid"])
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    assert not call.is_open(moment - timedelta(microseconds=1))
    assert call.is_open(moment)
    assert call.is_open(datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    assert not call.is_open(datetime(2026, 12, 1, tzinfo=UTC))
    (precise,) = parse(GOOD + CALL.replace("2026-11-30", "2026-11-30T18:00:00+01:00")).calls
    assert precise.closes_at == datetime(2026, 11, 30, 17, tzinfo=UTC)


def test_a_call_as_it_was_written_before_there_was_a_form_still_leads_elsewhere() -> None:
    before = CALL.partition("from =")[0] + 'url = "https://courses.example/"\n'
    (call,) = parse(GOOD + before).calls
    assert (call.url, call.is_open(datetime(2026, 11, 1, tzinfo=UTC))) == ("https://courses.example/", True)


def test_the_call_in_the_documentation_is_one() -> None:
    page = (Path(__file__).parents[1] / "docs" / "calls.md").read_text(encoding="utf-8")
    example = page.split("```toml")[1].split("```")[0].replace("[stream]", '[stream]\ntitle = "T"\nlanguages = ["en"]')
    configuration = parse(example)
    (call,) = configuration.calls
    assert (configuration.stream.contact, len(call.options), call.keep) == ("hello@network.example", 2, timedelta(180))


WRONG_CALLS = {
    "a day in quotes": ("2026-11-30", '"2026-11-30"', "33: call[1].until: '2026-11-30': write a date without quotes"),
    "a moment without zone": ("2026-11-30", "2026-11-30T18:00:00", "33: call[1].until: 2026-11-30T18:00:00 has no zone; write it as 2026-12-31T18:00:00+01:00"),
    "a year of another age": ("2026-11-30", "9999-12-31", "33: call[1].until: 9999-12-31 is no year"),
    "over before it begins": ("2026-11-30", "2026-10-30", "33: call[1].until: is over before the call begins"),
    "an option without label": (', label = { en = "Grids" }', "", "34: call[1].options[2].label: is missing; add label"),
    "an option that is there twice": ('"grid"', '"heat"', "34: call[1].options[2].id: 'heat' is used twice"),
    "no option at all": ('[{ id = "heat", label = { en = "Heat" } }, { id = "grid", label = { en = "Grids" } }]', "[]", "34: call[1].options: []: write at least 1"),
    "kept for too short": ('"90d"', '"1h"', "35: call[1].keep: '1h' must be from \"7d\" to \"3650d\""),
    "a form and another place": ("keep", 'url = "https://courses.example/"\nkeep', "36: call[1].keep: belongs to our own form, but `url` leads elsewhere"),
    "no wording in any language": ("keep", "consent = {}\nkeep", "35: call[1].consent: {}: write at least 1"),
}  # fmt: skip


@pytest.mark.parametrize(("good", "bad", "message"), WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_a_mistake_in_a_call_is_named_with_its_line_and_cure(good: str, bad: str, message: str) -> None:
    assert good in CALL
    with pytest.raises(SettingsError) as caught:
        parse(GOOD + CALL.replace(good, bad, 1))
    assert message in str(caught.value)


def test_every_mistake_is_told_at_once_in_the_order_of_the_file() -> None:
    bad = GOOD.replace('"NL"', '"nl"').replace('"1h"', '"never"')
    with pytest.raises(SettingsError) as caught:
        parse(bad)
    assert [line.split(":")[1] for line in str(caught.value).splitlines()] == ["10", "19"]


def test_an_id_used_twice_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"partner\[2\].id: 'tni' is used twice"):
        parse(GOOD + '\n[[partner]]\nid = "tni"\nname = "Another"\n')


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        parse(GOOD.replace("https://www.tni.org/en", "https://ana:secret@www.tni.org/en"))
    assert "holds a user name or password" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such file; name another with --sources"):
        read_sources(tmp_path / "sources.toml", kinds={"feed": Rules()})


def test_the_shipped_file_is_good_and_speaks_six_languages() -> None:
    configuration = read_sources(
        Path(__file__).parents[1] / "sources.toml", kinds={"feed": Rules(), "discover": Rules()}
    )
    assert set(configuration.stream.headline) >= {"en", "eu", "hr", "fr", "de", "es"}
    assert len(configuration.partners) == 8
    assert len(configuration.tags) >= 15
    for tag in configuration.tags:
        assert {"en", "eu", "hr", "fr", "de", "es"} <= set(tag.label), tag.id
        assert {"en", "eu", "hr", "fr", "de", "es"} <= set(tag.words), tag.id


SOCIAL = {
    "list": Rules(lacks=lambda url, said: {"token": "a list is its owner's"} if "rss" in url and not said else {}),
    "social": Rules(options=frozenset({"replies", "token"}), needs=frozenset({"user"}), schemes=("https",)),
    "feed": Rules(fits=lambda url: None if "rss" in url else "is no feed of ours; end it in rss.xml"),
}


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ('kind = "feed"', 'kind = "feed"\nreplies = true', 'source[1].replies: is no option of kind = "feed"'),
        ('kind = "feed"', 'kind = "social"', 'source[1].user: is missing; kind = "social" needs user = …'),
        (
            'kind = "feed"\nurl = "https:',
            'kind = "social"\nuser = "us"\nurl = "http:',
            'source[1].url: does not fit kind = "social"; its address begins with https://',
        ),
        ("rss.xml", "feed.xml", "source[1].url: is no feed of ours; end it in rss.xml"),
        ('kind = "feed"', 'kind = "social"\nuser = "us"\ntoken = 7', 'source[1].token: 7: write "env:NAME"'),
        (
            'kind = "feed"',
            'kind = "social"\nuser = "us"\ntoken = "env:"',
            "source[1].token: 'env:': write \"env:NAME\"",
        ),
        ('kind = "feed"', 'kind = "list"', "source[1].token: is missing; a list is its owner's"),
    ],
)
def test_options_are_those_of_the_kind(good: str, bad: str, message: str) -> None:
    assert good in GOOD
    with pytest.raises(SettingsError) as caught:
        parse_sources(GOOD.replace(good, bad, 1), name="sources.toml", kinds=SOCIAL)
    assert message in str(caught.value)


def test_a_secret_comes_from_the_environment_and_is_never_shown() -> None:
    text = GOOD.replace('kind = "feed"', 'kind = "social"\nuser = "us"\ntoken = "env:OUR_TOKEN"', 1)
    given = parse_sources(text, name="s", kinds=SOCIAL, environment={"OUR_TOKEN": "hush"}).sources[0].token
    assert given
    assert given.reveal() == "hush"
    missing = parse_sources(text, name="s", kinds=SOCIAL).sources[0].token
    assert missing
    with pytest.raises(CollectError, match="OUR_TOKEN is not set"):
        missing.reveal()
    written = parse_sources(text.replace("env:OUR_TOKEN", "hush"), name="s", kinds=SOCIAL)
    assert "hush" not in repr(written)


@pytest.mark.parametrize(("token", "mode", "warns"), [("hush", 0o644, 1), ("hush", 0o600, 0), ("env:X", 0o644, 0)])
def test_a_secret_that_others_can_read_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, token: str, mode: int, warns: int
) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(GOOD.replace('kind = "feed"', f'kind = "social"\nuser = "us"\ntoken = "{token}"', 1))
    path.chmod(mode)
    CurrentSources(path, kinds=SOCIAL, allowed=Allowed(), environment={})
    assert caplog.text.count("others here can read") == warns
    assert "hush" not in caplog.text
