"""What WebSub prescribes, without a hub: signatures, leases, topics, and who can call whom."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.websub import can_call, is_same_topic, is_signed, read_lease

BODY = b"<feed/>"


def signature(method: str, body: bytes = BODY, secret: str = "s3cret") -> str:
    return f"{method}={hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()}"


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_every_method_of_the_recommendation_is_taken(method: str) -> None:
    assert is_signed(signature(method), BODY, "s3cret")
    assert is_signed(signature(method).upper(), BODY, "s3cret")
    assert not is_signed(signature(method), BODY + b" ", "s3cret")
    assert not is_signed(signature(method), BODY, "another")


@pytest.mark.parametrize(
    "header",
    ["", "sha256", "sha256=", "=", signature("md5"), "sha256=é", signature("sha256")[:-1], signature("sha256")[7:]],
)
def test_what_is_no_signature_is_none(header: str) -> None:
    assert not is_signed(header, BODY, "s3cret")


@given(st.text(), st.binary())
def test_no_header_breaks_the_check_or_passes_it(header: str, body: bytes) -> None:
    assert not is_signed(header, body, "a secret that no example knows")


@pytest.mark.parametrize(
    ("text", "lease"),
    [
        ("864000", timedelta(days=10)),
        ("1", timedelta(seconds=1)),
        ("0", timedelta(seconds=1)),
        ("-5", timedelta(seconds=1)),
        (str(10 * 365 * 86400), timedelta(days=30)),
        ("9" * 18, timedelta(days=30)),
        ("9" * 400, timedelta(days=1)),
        ("soon", timedelta(days=1)),
        ("٣", timedelta(days=1)),
        (None, timedelta(days=1)),
    ],
)
def test_a_lease_is_kept_within_reason(text: str | None, lease: timedelta) -> None:
    assert read_lease(text) == lease


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://city.example/feed", "http://www.city.example/feed/", True),
        ("https://city.example/feed", "https://city.example/feed?page=2", False),
        ("https://city.example/feed", "https://other.example/feed", False),
        ("https://www.youtube.com/xml/feeds/videos.xml?channel_id=UC1", "https://www.youtube.com/feeds/videos.xml?channel_id=UC1", True),
        ("https://city.example/xml/feed", "https://city.example/feed", False),
        ("http://[", "https://city.example/feed", False),
    ],
)  # fmt: skip
def test_topics_are_compared_by_what_they_name(one: str, other: str, same: bool) -> None:
    assert is_same_topic(one, other) is same


@pytest.mark.parametrize(
    ("hub", "public_url", "can"),
    [
        ("https://hub.city.org/", "https://stream.city.org", True),
        ("https://hub.city.org/", "http://127.0.0.1:8000", False),
        ("https://hub.city.org/", "http://10.0.0.7", False),
        ("https://hub.city.org/", "http://nas:8000", False),
        ("https://hub.city.org/", "http://[::1]:8000", False),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:8000", True),
        ("http://10.0.0.1/", "https://stream.city.org", True),  # not contacted all the same: the fetch refuses it
    ],
)
def test_a_hub_of_the_internet_is_asked_only_if_it_can_call_us(hub: str, public_url: str, can: bool) -> None:
    assert can_call(hub, public_url) is can
