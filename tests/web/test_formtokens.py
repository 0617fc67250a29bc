"""Tokens of forms: only ours count, for what they were given, in their time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from web.interest.countries import countries
from web.interest.formtokens import TOO_OLD, TOO_QUICK, Standing, issue_token, judge_token, token_key
from web.strings import all_strings

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SECRET = b"s" * 32
subjects = st.tuples(st.text(), st.text())


@given(subject=subjects, age=st.timedeltas(timedelta(), timedelta(days=2)))
def test_a_token_is_good_in_its_time_alone(subject: tuple[str, str], age: timedelta) -> None:
    token = issue_token(SECRET, subject, NOW)
    expected = Standing.QUICK if age < TOO_QUICK else Standing.GOOD if age <= TOO_OLD else Standing.STRANGE
    tolerance = timedelta(milliseconds=1)
    if min(abs(age - TOO_QUICK), abs(age - TOO_OLD)) > tolerance:
        assert judge_token(SECRET, subject, token, NOW + age) is expected


@given(subject=subjects, other=subjects, secret=st.binary(min_size=1))
def test_a_token_of_another_subject_or_program_is_strange(
    subject: tuple[str, str], other: tuple[str, str], secret: bytes
) -> None:
    token, later = issue_token(SECRET, subject, NOW), NOW + timedelta(minutes=1)
    assert (judge_token(SECRET, other, token, later) is Standing.GOOD) == (other == subject)
    assert (judge_token(secret, subject, token, later) is Standing.GOOD) == (secret == SECRET)


@given(text=st.text(), place=st.integers(0, 80))
def test_no_text_at_all_breaks_the_judging_and_none_but_ours_is_good(text: str, place: int) -> None:
    later = NOW + timedelta(minutes=1)
    token = issue_token(SECRET, ("a",), NOW)
    forged = token[:place] + text + token[place + len(text) :]
    for one in (text, forged, f"{text}.{text}.{text}"):
        good = judge_token(SECRET, ("a",), one, later) is Standing.GOOD
        assert good == (one == token)
        assert len(token_key(one, "Ane")) == 64


def test_two_tokens_of_one_moment_differ() -> None:
    assert issue_token(SECRET, ("a",), NOW) != issue_token(SECRET, ("a",), NOW)


def test_countries_stand_in_the_order_of_each_alphabet() -> None:
    croatian = list(countries("hr-HR").values())
    assert croatian.index("Curaçao") < croatian.index("Čad") < croatian.index("Danska") < croatian.index("Džibuti")
    assert croatian.index("Novi Zeland") < croatian.index("Njemačka") < croatian.index("Oman")
    german, spanish = list(countries("de").values()), list(countries("es").values())
    assert german.index("Afghanistan") < german.index("Ägypten") < german.index("Albanien")
    assert spanish.index("Perú") < spanish.index("Polinesia Francesa")
    codes = {strings.language: set(countries(strings.locale)) for strings in all_strings().values()}
    assert {"ES", "HR", "GB", "XK"} <= codes["en"]
    assert not {"EU", "UN", "ZZ"} & codes["en"]
    assert all(those == codes["en"] for those in codes.values())
