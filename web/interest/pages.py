"""The pages of a call's form, as answers: the form, the form once more, closed, thanks. Takes and keeps nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from aggregator.calls import Call
from aggregator.machine import Machine
from web.interest.countries import countries
from web.interest.form import OPTIONAL, TRAP, Fault, Sent
from web.interest.formtokens import issue_token
from web.site import Site, answer
from web.views import consent_of, in_language, show_call, translate_bar

NO_STORE: Final[Mapping[str, str]] = {hdrs.CACHE_CONTROL: "no-store", "X-Content-Type-Options": "nosniff"}
# How browsers fill a field in by themselves (HTML, 4.10.18.7), and what kind of field it is.
FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "name": ("name", "text"),
    "organisation": ("organization", "text"),
    "town": ("address-level2", "text"),
    "country": ("country", "select"),
    "email": ("email", "email"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """Why a form is shown again although all its fields may be right: the key of the words, and what fills them."""

    key: str
    status: HTTPStatus = HTTPStatus.BAD_REQUEST
    wait: timedelta | None = None

    @property
    def minutes(self) -> int:
        """How long to wait, in whole minutes."""
        return -(-(self.wait or timedelta()) // timedelta(minutes=1))


def subject_of(call: Call, site: Site) -> tuple[str, ...]:
    """What a form's token is about: the call, and the wording that is agreed to, which may be changed meanwhile."""
    return call.id, consent_of(call, site.configuration, site.strings, site.public_url).text


def form_page(
    call: Call,
    site: Site,
    machine: Machine,
    sent: Sent,
    faults: Sequence[Fault] = (),
    notices: Sequence[Notice] = (),
    *,
    status: int = HTTPStatus.OK,
) -> web.Response:
    """The form, with what was sent before and what is wrong with it. A token that is still good is kept."""
    strings, language = site.strings, site.strings.language
    token = sent.token or issue_token(machine.secret, subject_of(call, site), machine.now())
    response = answer(
        site,
        "interest.html",
        status=status,
        call=show_call(call, language, root=site.root),
        action=f"{site.root}/interest/{call.id}?ui={language}",
        bar=translate_bar(site.configuration),
        fields=FIELDS,
        optional=OPTIONAL,
        countries=countries(strings.locale),
        options=[(option.id, in_language(option.label, language)) for option in call.options],
        consent=consent_of(call, site.configuration, strings, site.public_url),
        sent=sent,
        trap=TRAP,
        token=token,
        faults={fault.field: fault.words(strings) for fault in faults},
        notices=[strings.text(notice.key).format(minutes=notice.minutes) for notice in notices],
        feed_query="",
    )
    response.headers.update(NO_STORE)
    return response


def describe(call: Call, site: Site, machine: Machine) -> web.Response:
    """What a program must know to send an entry for somebody, in the language of `ui`."""
    said = {
        "call": call.id,
        "token": issue_token(machine.secret, subject_of(call, site), machine.now()),
        "ui": site.strings.language,
        "needs": [*(name for name in FIELDS if name not in OPTIONAL), *(["option"] if call.options else []), "consent"],
        "option": {option.id: in_language(option.label, site.strings.language).text for option in call.options},
        "consent": consent_of(call, site.configuration, site.strings, site.public_url).text,
    }
    return web.json_response(said, headers=NO_STORE)


def closed_page(call: Call, site: Site, now: datetime, *, is_post: bool = False) -> web.Response:
    """Says that a call is over, or when it opens."""
    status = closed_status(call, now, is_post=is_post)
    return word_page(site, call, heading="", lines=[when_open(call, site, now)], status=status)


def closed_status(call: Call, now: datetime, *, is_post: bool) -> HTTPStatus:
    """What is over is gone; what is to come is a page like any other, which takes no posts yet."""
    if call.is_over(now):
        return HTTPStatus.GONE
    return HTTPStatus.FORBIDDEN if is_post else HTTPStatus.OK


def when_open(call: Call, site: Site, now: datetime) -> str:
    """Since when a call is over, or when it opens, in words."""
    is_over = call.is_over(now)
    key, moment = ("interest_over", call.last_moment) if is_over else ("interest_to_come", call.opens_at)
    return site.strings.text(key).format(date=site.strings.date(moment or now))


def word_page(site: Site, call: Call, *, heading: str, lines: list[str], status: int = HTTPStatus.OK) -> web.Response:
    """A page of a few words about a call; without a heading of its own it has the call's title."""
    shown = show_call(call, site.strings.language, root=site.root)
    response = answer(site, "interestword.html", status=status, call=shown, heading=heading, lines=lines, feed_query="")
    response.headers.update(NO_STORE)
    return response
