"""Right text or an error, never mojibake where it can be known."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.documents.encodings import decode, is_utf8_if_valid
from aggregator.errors import DocumentError

HR = "Energetsko siromaštvo: žene, čišćenje, šuma, đak"
ES = "Año “nuevo” en España – 5 €"
FR = "Précarité : le cœur d’été"


def declared(encoding: str, text: str) -> str:
    return f"<?xml version='1.0' encoding='{encoding}'?><rss>{text}</rss>"


@pytest.mark.parametrize(
    ("text", "encoding", "label", "content_type"),
    [
        (HR, "utf-8", "utf-8", None),
        (HR, "cp1250", "windows-1250", None),
        (HR, "iso8859-2", "ISO-8859-2", "text/xml"),
        ("Précarité : 12 € par cœur", "iso8859-15", "iso-8859-15", None),
        (HR, "cp1250", "utf-8", "application/rss+xml; charset=windows-1250"),
        (HR, "cp1250", "windows-1250", 'text/xml; charset="utf-8"'),
        (HR, "utf-16", "utf-16", None),
        (HR, "utf-16-le", "utf-16", None),
        (HR, "utf-16-be", "utf-8", "application/xml; charset=utf-8"),
        (HR, "utf-32", "utf-32", None),
        (HR, "utf-8-sig", "iso-8859-1", "text/xml; charset=iso-8859-1"),
        # labels that lie
        (HR, "utf-8", "iso-8859-1", None),
        (HR, "utf-8", "windows-1252", "text/xml; charset=iso-8859-1"),
        (HR, "utf-8", "no-such-encoding", "text/xml; charset=\x00"),
        (ES, "cp1252", "utf-8", None),
        (ES, "cp1252", "iso-8859-1", None),
        (FR, "cp1252", "us-ascii", None),
        (HR, "cp1250", "utf-8", None),
        (HR, "utf-8", "utf-16", None),
        ("新聞", "gbk", "gb2312", None),
    ],
)
def test_the_text_is_read_as_it_was_written(text: str, encoding: str, label: str, content_type: str | None) -> None:
    document = declared(label, text)
    assert decode(document.encode(encoding), content_type) == document


@pytest.mark.parametrize(
    ("text", "encoding"), [(HR, "cp1250"), (ES, "cp1252"), (FR, "cp1252"), ("Ovo je šuma, a ovo žega", "iso8859-2")]
)
def test_an_old_code_page_that_nobody_names_is_guessed(text: str, encoding: str) -> None:
    assert decode(f"<rss>{text}</rss>".encode(encoding)) == f"<rss>{text}</rss>"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Энергетическая бедность", "koi8-r"), ("能源貧困的消息和新聞", "big5"), ("Ενεργειακή φτώχεια", "cp1253")],
)
def test_an_unnamed_encoding_of_another_script_is_refused_and_not_shown_as_mojibake(text: str, encoding: str) -> None:
    with pytest.raises(DocumentError):
        decode(f"<rss><title>{text}</title></rss>".encode(encoding))
    named = declared(encoding, text)
    assert decode(named.encode(encoding)) == named


def test_utf8_that_was_cut_inside_a_character_stays_utf8() -> None:
    body = declared("utf-8", HR).encode().replace("č".encode(), "č".encode()[:1])
    assert decode(body) == declared("utf-8", HR).replace("č", "\ufffd")
    assert decode(b"a\xed\xa0\x80b") == "a\ufffdb"


@given(st.binary(max_size=200), st.text(max_size=30) | st.none())
def test_any_bytes_with_any_label_become_clean_text_or_are_refused(body: bytes, content_type: str | None) -> None:
    for start in (b"", b"<?xml version='1.0' encoding='utf-8'?>", codecs.BOM_UTF16_LE, b"<\x00"):
        try:
            decode(start + body, content_type).encode("utf-8")
        except DocumentError:
            continue


@given(
    st.sampled_from([b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"\x00<\x00", b"<\x00"]),
    st.sampled_from(
        ["", *(f"<?xml version='1.0' encoding='{label}'?>" for label in ("utf-8", "latin1", "gb2312", "x"))]
    ),
    st.text(st.sampled_from("<a é€中\x00")).map(str.encode) | st.binary(max_size=6),
    st.sampled_from([None, "text/xml; charset=UTF8", "text/xml; charset=windows-1252", "text/xml; charset=shift_jis"]),
)
def test_what_is_utf8_if_valid_is_read_as_utf8(
    mark: bytes, opening: str, text: bytes, content_type: str | None
) -> None:
    body = mark + opening.encode() + text
    try:
        valid = body.decode("utf-8")
    except UnicodeDecodeError:
        return
    if is_utf8_if_valid(body, content_type):
        assert decode(body, content_type) == valid.removeprefix("\ufeff")


@pytest.mark.parametrize("content_type", [None, "text/xml; charset=utf-8", "text/xml; charset=iso-8859-1"])
def test_an_ordinary_feed_is_utf8_if_valid(content_type: str | None) -> None:
    assert is_utf8_if_valid(b"<?xml version='1.0' encoding='UTF-8'?><rss/>", content_type)
