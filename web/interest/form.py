"""What somebody sends as interest in a call, and what is wrong with it, field by field. Keeps and shows nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import web

from aggregator.calls import Call
from curation.forms import FORM, read_form, read_json
from curation.problems import Problem
from web.interest.countries import countries
from web.strings import FALLBACK, Strings

MOST_BYTES: Final = 50_000
LENGTHS: Final[Mapping[str, int]] = {"name": 100, "organisation": 150, "town": 100, "country": 2, "email": 254}
OPTIONAL: Final = frozenset({"organisation"})
# Where a web address is an advertisement. An e-mail address has its own look.
WITHOUT_LINKS: Final = frozenset({"name", "organisation", "town"})
# Nobody sees this field; what is entered there was entered by a program.
TRAP: Final = "homepage"
YES: Final = frozenset({"yes", "on", "true", "1"})
# As browsers check it (HTML, 4.10.5.1.5), with other alphabets and at least one dot.
EMAIL: Final = re.compile(
    r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.[^\W_](?:[\w-]{0,61}[^\W_])?)+"
)
LINK: Final = re.compile(r"://|www\.|</?\w|\[/?url|\bhref\s*=", re.IGNORECASE)
# Letters that show nothing: the fillers of Hangul (Unicode 16, 18.6) and the blank of Braille.
FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Controls, halves of pairs, unknown and private characters, line ends; and those that turn the direction of a text.
UNFIT: Final = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
TURNING: Final = frozenset(map(chr, (0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A))))


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent, as texts. `trap` is what stood in the field that nobody sees."""

    values: Mapping[str, str]
    options: tuple[str, ...] = ()
    agrees: bool = False
    call_id: str = ""
    token: str = ""
    trap: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a field; `key` names the words for it."""

    field: str
    key: str

    def words(self, strings: Strings) -> str:
        """For people, in their language."""
        label = strings.page.get(f"interest_{self.field}", self.field)
        return strings.text(self.key).format(field=label, most=LENGTHS.get(self.field, 0))


NOTHING: Final = Sent(dict.fromkeys(LENGTHS, ""))


async def read_sent(request: web.Request) -> Sent:
    """What a form or a JSON object brings. Raises Problem for a body that is neither, or far too long."""
    if (request.content_length or 0) > MOST_BYTES:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers={"Connection": "close"})
    if request.content_type == FORM:
        fields = await read_form(request)
        chosen = [value for value in (await request.post()).getall("option", []) if isinstance(value, str)]
        return _sent(fields, chosen)
    body = await read_json(request)
    given = body.get("option", [])
    chosen = [one for one in (given if isinstance(given, list) else [given]) if isinstance(one, str)]
    texts = {name: value for name, value in body.items() if isinstance(value, str)}
    return _sent({**texts, **({"consent": "yes"} if body.get("consent") is True else {})}, chosen)


def _sent(fields: Mapping[str, str], options: list[str]) -> Sent:
    values = {name: _settled(fields.get(name, "")) for name in LENGTHS}
    # What is copied from a page or a letter brings marks along that nobody sees, and that belong to no address.
    values["email"] = "".join(letter for letter in values["email"] if unicodedata.category(letter) != "Cf")
    return Sent(
        values={**values, "country": values["country"].upper()},
        options=tuple(dict.fromkeys(options)),
        agrees=fields.get("consent", "").lower() in YES,
        call_id=fields.get("call", ""),
        token=fields.get("token", ""),
        trap=fields.get(TRAP, ""),
        language=fields.get("ui"),
    )


def _settled(value: str) -> str:
    """One line in composed letters, with single spaces between words; nothing where nothing can be seen."""
    line = " ".join(part for part in unicodedata.normalize("NFC", value).strip().split(" ") if part)
    return line if any(map(_can_be_seen, line)) else ""


def _can_be_seen(letter: str) -> bool:
    """Letters, numbers, punctuation and symbols, but for the fillers; marks alone stand on nothing."""
    return unicodedata.category(letter)[0] in "LNPS" and letter not in FILLERS


def faults_of(sent: Sent, call: Call) -> tuple[Fault, ...]:
    """All that is wrong, in the order of the form."""
    found = [fault for name in LENGTHS if (fault := _fault_of(name, sent.values.get(name, "")))]
    known = {option.id for option in call.options}
    if known and (not sent.options or not known.issuperset(sent.options)):
        found.append(Fault("option", "interest_no_option"))
    if not sent.agrees:
        found.append(Fault("consent", "interest_no_consent"))
    return tuple(found)


def _fault_of(name: str, value: str) -> Fault | None:
    wrong = None
    if not value:
        wrong = None if name in OPTIONAL else "interest_missing"
    elif len(value) > LENGTHS[name]:
        wrong = "interest_too_long"
    elif any(letter in TURNING or unicodedata.category(letter) in UNFIT for letter in value):
        wrong = "interest_unfit"
    elif name in WITHOUT_LINKS and LINK.search(value):
        wrong = "interest_link"
    elif name == "country" and value not in countries(FALLBACK):
        wrong = "interest_missing"
    elif name == "email" and not EMAIL.fullmatch(value):
        wrong = "interest_no_email"
    return Fault(name, wrong) if wrong else None
