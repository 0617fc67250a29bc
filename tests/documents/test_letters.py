"""Newsletters as entries: what is for everybody comes through, and nothing of the one who reads."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.documents.letters.letters import read_letter
from aggregator.errors import DocumentError
from aggregator.model import Author, MailItems, Sighting
from tests.refine.strategies import any_html

READER = "ana.perez@reader.example"
HEADERS = {
    "From": "Villaluz Energía <boletin@villaluz.example>",
    "To": f"Ana Pérez <{READER}>",
    "Subject": "Boletín de noviembre",
    "Date": "Mon, 23 Nov 2026 10:30:00 +0100",
    "Message-ID": "<nov-2026@villaluz.example>",
}


def letter(html: str | None = None, text: str | None = None, **headers: str) -> bytes:
    message = EmailMessage()
    for name, value in {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}.items():
        if value:
            message[name] = value
    if text is not None or html is None:
        message.set_content(text or "Hello")
    if html is not None:
        (message.add_alternative if text is not None else message.set_content)(html, subtype="html")
    return message.as_bytes()


def one(html: str | None = None, text: str | None = None, user: str = "", **headers: str) -> Sighting:
    (entry,) = read_letter(letter(html, text, **headers), user=user)
    return entry


def links(html: str, **headers: str) -> list[tuple[str | None, str | None]]:
    found = read_letter(letter(html, **headers), items=MailItems.LINK)
    return [(entry.title, entry.url) for entry in found]


def test_a_message_comes_out_whole() -> None:
    entry = one(
        "<html><head><title>x</title><style>p{}</style></head><body><h1>Hola</h1><p>Ayudas &amp; más</p></body></html>",
        "Hola",
    )
    assert (entry.entry_id, entry.title) == ("nov-2026@villaluz.example", "Boletín de noviembre")
    assert entry.authors == (Author("Villaluz Energía"),)
    assert entry.published_at == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert "<h1>Hola</h1><p>Ayudas &amp; más</p>" in entry.body_html
    assert "p{}" not in entry.body_html


def test_plain_text_becomes_paragraphs_and_nothing_in_it_is_markup() -> None:
    assert "<p>Hola</p><p>1 &lt; 2</p>" in one(text="Hola\n\n1 < 2").body_html


def test_a_link_with_characters_that_no_markup_holds_costs_nothing_but_itself() -> None:
    entry = one(
        f'<p title="\x02 {READER}">Ayudas</p><a href="\x01javascript:pwned()">más</a> &#1; {READER}', user=READER
    )
    assert "Ayudas" in entry.body_html
    assert READER not in entry.body_html


def test_an_address_is_nobodys_name() -> None:
    assert one("<p>x", From="news@villaluz.example").authors == ()
    assert "@" not in repr(one("<p>x", From='"news@villaluz.example" <news@villaluz.example>').authors)


def test_without_a_date_the_servers_counts_and_without_an_id_what_it_says() -> None:
    body = letter("<p>x", Date="", Message_ID="")
    received_at = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    (first,), (second,) = (read_letter(body, received_at=received_at) for _ in range(2))
    assert first.published_at == received_at
    assert first.entry_id == second.entry_id != ""


def test_old_charsets_and_encoded_headers_are_read() -> None:
    raw = (
        b"From: =?iso-8859-2?Q?Zadruga_Bre=BEje?= <a@b.example>\r\nSubject: =?utf-8?B?xaB0ZWRuamE=?=\r\nMessage-ID: <1@b>\r\n"
        b"Content-Type: text/html; charset=windows-1250\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<p>\x8atednja</p>"
    )
    (entry,) = read_letter(raw)
    assert (entry.title, entry.authors) == ("Štednja", (Author("Zadruga Brežje"),))
    assert "Štednja" in entry.body_html


ONLINE = (
    "View this email in your browser", "View in browser", "Read online", "Web version", "Voir cette lettre dans votre navigateur",
    "Version en ligne", "Im Browser ansehen", "Online-Ansicht", "Ver en el navegador", "Ver este correo en tu navegador",
    "Versión web", "Pogledaj u pregledniku", "Ikusi nabigatzailean",
)  # fmt: skip


@pytest.mark.parametrize("words", ONLINE)
def test_the_link_to_the_page_online_is_the_entrys_address_and_no_part_of_it(words: str) -> None:
    entry = one(f'<p><a href="https://villaluz.example/n/11?id=7">{words}</a></p><p>Hola</p>')
    assert entry.url == "https://villaluz.example/n/11?id=7"
    assert words not in entry.body_html


def test_where_it_is_archived_goes_before_that() -> None:
    html = '<a href="https://villaluz.example/view">View in browser</a>'
    assert one(html, Archived_At="<https://lists.villaluz.example/11>").url == "https://lists.villaluz.example/11"
    assert one("<p>x", List_Archive="<https://lists.villaluz.example/>").url is None
    assert one("<p>x", Archived_At="<javascript:x>").url is None


PERSONAL = (
    '<a href="https://villaluz.example/u/SECRET">Unsubscribe</a>',
    '<a href="https://villaluz.example/u/SECRET"><img src="https://villaluz.example/x.png"> Darse de baja</a>',
    '<a href="https://villaluz.example/u/SECRET">Se désabonner</a>',
    '<a href="https://villaluz.example/u/SECRET">Newsletter abbestellen</a>',
    '<a href="https://villaluz.example/u/SECRET">Odjavite se</a>',
    '<a href="https://villaluz.example/u/SECRET">Harpidetza utzi</a>',
    '<a href="https://villaluz.example/u/SECRET">Manage your preferences</a>',
    '<a href="https://villaluz.example/u/SECRET">Confirm your subscription</a>',
    '<a href="https://villaluz.example/unsubscribe?t=SECRET">here</a>',
    '<a href="https://x.list-manage.com/profile?u=SECRET">here</a>',
    '<a href="mailto:leave@villaluz.example?subject=unsubscribe%20SECRET">here</a>',
    '<a href="https://villaluz.example/by-header/SECRET">here</a>',
    '<a href="https://villaluz.example/page?email=SECRET&amp;a=1">Hola</a>',
    '<a href="https://villaluz.example/page?subscriber_id=SECRET">Hola</a>',
    '<a href="https://x.list-manage.com/track/click?u=1&amp;id=2&amp;e=SECRET">Hola</a>',
    '<p style="display:none">SECRET</p>',
    '<img src="cid:SECRET">',
    "<!-- SECRET -->",
    "<title>SECRET</title>",
)


@pytest.mark.parametrize("inner", PERSONAL)
def test_what_is_one_readers_own_is_gone(inner: str) -> None:
    header = "<https://villaluz.example/by-header/SECRET>, <mailto:x@villaluz.example>"
    entry = one(f"<html><body><p>Antes {inner} después</p></body></html>", List_Unsubscribe=header)
    assert "SECRET" not in repr(entry)
    assert "Antes" in entry.body_html
    assert "después" in entry.body_html


def forms(address: str) -> list[str]:
    raw = address.encode()
    encoded = base64.urlsafe_b64encode(raw).decode()
    digests = [digest(raw).hexdigest() for digest in (hashlib.md5, hashlib.sha1, hashlib.sha256)]
    return [address, address.upper(), address.replace("@", "%40"), encoded, encoded.rstrip("="), *digests]


@pytest.mark.parametrize("form", forms(READER))
@pytest.mark.parametrize("how", ["header", "user"])
def test_the_readers_address_is_nowhere_in_whatever_form(form: str, how: str) -> None:
    html = f'<p>Sent to {READER.upper()}.</p><p title="{READER}"><a href="https://villaluz.example/a?z={form}&amp;b=1">Ayudas</a></p>'
    text = {"Subject": f"For {READER}"}
    entry = one(html, **text) if how == "header" else one(html, user=READER, To="", **text)
    said = repr(entry).lower()
    assert READER not in said
    assert form.lower() not in said
    assert "villaluz.example/a?" in said
    assert "b=1" in said


def test_an_article_about_leaving_is_no_link_to_leave() -> None:
    words = "How to unsubscribe from the gas grid for good: what three hundred households of Erreka have learnt"
    assert words in one(f'<a href="https://villaluz.example/gas">{words}</a>').body_html


AUTOMATIC = (
    {"Auto_Submitted": "auto-replied"},
    {"X_Autoreply": "yes"},
)


@pytest.mark.parametrize("headers", AUTOMATIC)
def test_a_machines_answer_is_no_newsletter(headers: dict[str, str]) -> None:
    assert read_letter(letter("<p>On holiday", **headers)) == ()


# --- Articles ---

DIGEST = """<html><body><table><tr><td><a href="https://villaluz.example/"><img src="https://villaluz.example/logo.png"></a>
<a href="https://villaluz.example/view/11">Ver en el navegador</a></td></tr>
<tr><td><a href="https://villaluz.example/tejados?utm_source=n"><img src="https://villaluz.example/t.jpg" alt="Tejados"></a>
<h2><a href="https://villaluz.example/tejados?utm_source=n">Tejados solares en cada escuela</a></h2>
<p>El pleno aprueba <a href="https://villaluz.example/acta">el acta</a> y el plan.</p>
<p><a href="https://villaluz.example/tejados?utm_source=n">Leer más</a></p></td></tr>
<tr><td><h2>Calefacción para todos</h2><p>Nuevas ayudas desde enero.</p>
<p><a href="https://villaluz.example/calefaccion">Leer más</a></p></td></tr>
<tr><td><p><a href="https://tni.example/longread">A long read on energy democracy</a></p><p>By our friends.</p></td></tr>
<tr><td><a href="https://social.example/villaluz">Facebook</a> <a href="https://villaluz.example/u/1">Darse de baja</a></td></tr>
</table></body></html>"""


def test_each_article_that_is_linked_to_becomes_an_entry() -> None:
    found = read_letter(letter(DIGEST), items=MailItems.LINK)
    assert [(entry.title, entry.url) for entry in found] == [
        ("Tejados solares en cada escuela", "https://villaluz.example/tejados?utm_source=n"),
        ("Calefacción para todos", "https://villaluz.example/calefaccion"),
        ("A long read on energy democracy", "https://tni.example/longread"),
    ]
    roofs, _, read = found
    assert roofs.media[0].url == "https://villaluz.example/t.jpg"
    assert "El pleno aprueba" in roofs.body_html
    assert "By our friends." in read.body_html
    assert roofs.published_at == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert roofs.authors == (Author("Villaluz Energía"),)


HEADLINES = {
    "two words at home": ('<p><a href="https://www.villaluz.example/a">Ayudas nuevas</a></p>', True),
    "two words elsewhere": ('<p><a href="https://x.example/a">Ayudas nuevas</a></p>', False),
    "four words elsewhere": ('<p><a href="https://x.example/a">Ayudas nuevas para todos</a></p>', True),
    "in a sentence": ('<p>See <a href="https://villaluz.example/a">ayudas nuevas para todos</a> here.</p>', False),
    "a heading in a link": ('<a href="https://x.example/a"><h3>Ayudas</h3></a>', True),
    "a front page": ('<h3><a href="https://x.example/">Ayudas</a></h3>', False),
    "mail": ('<h3><a href="mailto:a@x.example">Ayudas</a></h3>', False),
    "a script": ('<h3><a href="javascript:x">Ayudas</a></h3>', False),
    "a button alone": ('<p><a href="https://villaluz.example/a">Leer más</a></p>', False),
}


@pytest.mark.parametrize(("html", "expected"), HEADLINES.values(), ids=HEADLINES)
def test_a_headline_is_told_from_other_links(html: str, expected: bool) -> None:
    assert bool(links(html)) is expected


def test_a_message_of_thousands_of_links_is_bounded() -> None:
    html = "".join(f'<h3><a href="https://x.example/{n}">Ayudas {n}</a></h3>' for n in range(5_000))
    assert len(links(html)) == 50


# --- Hostile ---

NO_MESSAGES = (b"", b"\0" * 1_000, b"<html>", b"X-Nothing: 1\r\n\r\nx")


@pytest.mark.parametrize("body", NO_MESSAGES)
def test_what_is_no_message_is_said_so(body: bytes) -> None:
    with pytest.raises(DocumentError, match="no message"):
        read_letter(body)


def nested(depth: int) -> bytes:
    opened = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(depth))
    return f"Subject: Nested\r\n{opened}Content-Type: text/plain\r\n\r\nx".encode()


HOSTILE = {
    "deep multiparts": nested(3_000),
    "deep markup": letter("<div>" * 50_000 + "x"),
    "a hundred thousand headers": b"Subject: x\r\n" + b"X-A: 1\r\n" * 100_000 + b"\r\nx",
    "an endless subject": b"Subject: " + b"a" * 2_000_000 + b"\r\n\r\nx",
    "addresses without end": b"Subject: x\r\nTo: " + b"a@b.example, " * 20_000 + b"\r\n\r\nx",
    "a broken encoding": b"Subject: =?utf-8?B?####?=\r\nContent-Transfer-Encoding: base64\r\nContent-Type: text/html; charset=nowhere\r\n\r\n%%%",
    "a charset that is a bomb": b"Subject: x\r\nContent-Type: text/html; charset=punycode\r\n\r\nabc",
    "cut in the middle": letter("<p>" + "x" * 10_000, "x")[:3_000],
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("items", MailItems)
def test_a_hostile_message_is_read_or_refused(body: bytes, items: MailItems) -> None:
    try:
        assert len(read_letter(body, items=items)) <= 50
    except DocumentError as error:
        assert "message" in str(error)


PIECES = st.sampled_from((
    b"From: <>", b"From: \xff <a@[", b"Subject: =?x?Q?=ff?=", b"Date: -1", b"Date: Mon, 99 Nov 2026", b"To: ;;,<", b"Message-ID: <", b'Content-Type: ;;;="',
    b"Content-Type: multipart/mixed; boundary=b", b"--b", b"--b--", b"Content-Type: message/rfc822", b"Content-Transfer-Encoding: uuencode", b"List-Unsubscribe: <http://[>",
    b"Content-Type: text/html; charset*0*=x'", b"Content-Disposition: attachment; filename*=x", b"", b"<a href='http://[x'>a b c d e</a>", b"Archived-At: <http://\xff>",
))  # fmt: skip


@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(PIECES | st.binary(max_size=20), max_size=20).map(b"\r\n".join),
        any_html.map(lambda h: b"Subject: x\r\nContent-Type: text/html\r\n\r\n" + h.encode("utf-8", "replace")),
    ),
    st.sampled_from(MailItems),
)
def test_whatever_comes_is_entries_or_a_document_error(body: bytes, items: MailItems) -> None:
    try:
        found = read_letter(body, items=items, user=READER)
    except DocumentError:
        return
    for entry in found:
        assert entry.entry_id
        assert entry.url is None or entry.url.startswith(("http://", "https://"))
