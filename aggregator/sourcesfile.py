"""Reads sources.toml into a Configuration. An error names the file, the line, the key and the cure."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from yarl import URL

from aggregator.errors import SettingsError
from aggregator.model import (
    Call,
    Configuration,
    MailItems,
    Partner,
    Review,
    ReviewMode,
    Secret,
    Selectors,
    Sensitive,
    Source,
    Stream,
    Tag,
    Vanished,
)
from aggregator.tomllines import Place, lines_of

SHORTEST_INTERVAL = timedelta(seconds=10)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
DURATION = re.compile(r"(\d{1,6})\s*([smhdw])")


@dataclass(frozen=True, slots=True)
class Rules:
    """What sources.toml may say of one kind of source.

    `options` and `needs` are keys of [[source]] that not every kind has; what it needs it has, too. `fits` says what
    is wrong with an address for this kind, with the cure, or None; `lacks` what an address needs beyond the keys that
    are given, and why, by key; `wrong_selectors` what is wrong with the table `select`, by its keys.
    """

    options: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    schemes: tuple[str, ...] = ("https", "http")
    fits: Callable[[str], str | None] = lambda _url: None
    lacks: Callable[[str, Collection[str]], Mapping[str, str]] = lambda _url, _said: {}
    wrong_selectors: Callable[[Selectors], Mapping[str, str]] = lambda _selectors: {}


# The keys of [[source]] that only some kinds have.
OPTIONS = frozenset(
    {"user", "token", "replies", "boosts", "sensitive", "monthly_limit", "items", "select", "vanished", "push"}
)


def _duration(value: object) -> timedelta:
    match = DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise ValueError('write a number and a unit, such as "30m", "6h" or "14d"')
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def _interval(value: timedelta) -> timedelta:
    if value < SHORTEST_INTERVAL:
        raise ValueError('is too short; the shortest is "10s", and "30m" is kind to a partner\'s server')
    return value


def _review(value: object) -> Review:
    if isinstance(value, str):
        mode, _, delay = value.partition(":")
        if value in {"hold", "auto"}:
            return Review(ReviewMode(value))
        if mode == "veto" and delay:
            return Review(ReviewMode.VETO, _duration(delay))
    raise ValueError('write "hold", "auto" or "veto:6h"')


def _web_address(value: str) -> str:
    if URL(_address(value)).scheme not in {"http", "https"}:
        raise ValueError("is no web address; it begins with https:// or http:// and names a host")
    return value


def _address(value: str) -> str:
    """An address of any scheme: which ones a kind of source takes stands in its rules."""
    try:
        url = URL(value)
    except ValueError as error:
        raise ValueError(f"is no web address ({error})") from error
    if not url.scheme or not url.host:
        raise ValueError("is no web address; it begins with https:// or http:// and names a host")
    if url.user or url.password:
        raise ValueError("holds a user name or password; an address is shown to editors, so leave them out")
    return value


def _secret(value: object) -> Secret:
    if not isinstance(value, str) or value.strip() in {"", "env:"}:
        raise ValueError('write "env:NAME", so that the environment\'s variable NAME holds it')
    name = value.strip()
    return Secret(name) if name.startswith("env:") else Secret("the one in sources.toml", name)


Identifier = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$"),
    Field(description="lower-case letters, digits, dashes"),
]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Interval = Annotated[Duration, AfterValidator(_interval)]
ReviewText = Annotated[Review, BeforeValidator(_review)]
Address = Annotated[str, AfterValidator(_web_address)]
AnyAddress = Annotated[str, AfterValidator(_address)]
SecretText = Annotated[Secret, BeforeValidator(_secret)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class _Stream(_Table):
    title: Text
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    review: ReviewText = Review(ReviewMode.HOLD)
    headline: dict[Language, Text] = {}
    intro: dict[Language, Text] = {}
    more: dict[Language, Text] = {}
    contact: Text | None = None
    block: tuple[Text, ...] = ()


class _Partner(_Table):
    id: Identifier
    name: Text
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    url: Address | None = None
    logo: Text | None = None


class _Select(_Table):
    item: Text
    link: Text = "a"
    title: Text | None = None
    date: Text | None = None
    picture: Text | None = None
    text: Text | None = None


class _Source(_Table):
    id: Identifier
    partner: Identifier
    kind: str
    url: AnyAddress
    languages: tuple[Language, ...] = ()
    every: Interval = timedelta(minutes=30)
    review: ReviewText | None = None
    tags: tuple[Identifier, ...] = ()
    match_any: tuple[Text, ...] = ()
    expect_every: Duration | None = None
    enabled: bool = True
    push: bool = True
    vanished: Vanished = Vanished.TELL
    user: Text | None = None
    token: SecretText | None = None
    replies: bool = False
    boosts: bool = False
    sensitive: Sensitive = Sensitive.HOLD
    monthly_limit: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    items: MailItems = MailItems.MESSAGE
    select: _Select | None = None


class _Tag(_Table):
    id: Identifier
    label: Annotated[dict[Language, Text], Field(min_length=1)]
    words: dict[Language, tuple[Text, ...]] = {}


class _Call(_Table):
    id: Identifier
    title: Annotated[dict[Language, Text], Field(min_length=1)]
    text: dict[Language, Text] = {}
    button: Annotated[dict[Language, Text], Field(min_length=1)]
    url: Address


class _File(_Table):
    stream: _Stream
    partner: tuple[_Partner, ...] = ()
    source: tuple[_Source, ...] = ()
    tag: tuple[_Tag, ...] = ()
    call: tuple[_Call, ...] = ()


def read_sources(
    path: Path,
    *,
    kinds: Mapping[str, Rules],
    environment: Mapping[str, str] | None = None,
    refuses: Callable[[str], str | None] = lambda _url: None,
) -> Configuration:
    """Read and check the file.

    `kinds` are the kinds of source that can be collected, `environment` is where secrets are that the file names;
    `refuses` gives the reason why an address may never be fetched, or None. Raises SettingsError with one line for
    each mistake.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: there is no such file; name another with --sources PATH") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error}); it must be a file in UTF-8") from error
    return parse_sources(text, name=str(path), kinds=kinds, environment=environment, refuses=refuses)


def parse_sources(
    text: str,
    *,
    name: str,
    kinds: Mapping[str, Rules],
    environment: Mapping[str, str] | None = None,
    refuses: Callable[[str], str | None] = lambda _url: None,
) -> Configuration:
    """The same for a text; `name` stands in the messages where the file's path would."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line = place[1] if place else str(text.count("\n") + 1)
        reason = str(error).split(" (at ")[0]
        raise SettingsError(
            f"{name}:{line}: is not valid TOML: {reason}; look for a missing quote or bracket"
        ) from error
    try:
        file = _File.model_validate(tables)
    except ValidationError as error:
        problems = [_explain(problem) for problem in error.errors()]
        raise SettingsError(_report(name, lines_of(text), problems)) from error
    problems = list(_contradictions(file, kinds, refuses))
    if problems:
        raise SettingsError(_report(name, lines_of(text), problems))
    return _configuration(file, environment or {})


def _configuration(file: _File, environment: Mapping[str, str]) -> Configuration:
    stream = Stream(**dict(file.stream))
    return Configuration(
        stream=stream,
        partners=tuple(Partner(**dict(partner)) for partner in file.partner),
        sources=tuple(_source(source, stream, environment) for source in file.source),
        tags=tuple(Tag(**dict(tag)) for tag in file.tag),
        calls=tuple(Call(**dict(call)) for call in file.call),
    )


def _source(table: _Source, stream: Stream, environment: Mapping[str, str]) -> Source:
    token = table.token
    if token and not token.value:
        token = Secret(token.name, environment.get(token.name.removeprefix("env:")))
    select = Selectors(**dict(table.select)) if table.select else None
    return Source(**{**dict(table), "review": table.review or stream.review, "token": token, "select": select})


def _contradictions(
    file: _File, kinds: Mapping[str, Rules], refuses: Callable[[str], str | None]
) -> Iterator[tuple[Place, str]]:
    """What each table alone cannot show: ids used twice, names of nothing, addresses that are never fetched."""
    for table in ("partner", "source", "tag", "call"):
        seen: set[str] = set()
        for index, row in enumerate(getattr(file, table)):
            if row.id in seen:
                yield (table, index, "id"), f"{row.id!r} is used twice; give each {table} an id of its own"
            seen.add(row.id)
    partners, tags = {partner.id for partner in file.partner}, {tag.id for tag in file.tag}
    for index, source in enumerate(file.source):
        if source.partner not in partners:
            yield ("source", index, "partner"), _unknown(source.partner, partners, "[[partner]]")
        if source.kind not in kinds:
            yield ("source", index, "kind"), _unknown(source.kind, kinds, "kind of source")
            continue
        yield from ((_at(index, key), message) for key, message in _unfit(source, kinds[source.kind]))
        for tag in source.tags:
            if tag not in tags:
                yield ("source", index, "tags"), _unknown(tag, tags, "[[tag]]")
        if reason := refuses(source.url):
            yield ("source", index, "url"), reason


def _at(index: int, key: str) -> Place:
    return ("source", index, *key.split("."))


def _unfit(source: _Source, rules: Rules) -> Iterator[tuple[str, str]]:
    """What a source says that its kind has no use for, what makes no sense, and what it does not say, by key."""
    said = source.model_fields_set & OPTIONS
    for key in sorted(said - rules.options - rules.needs):
        others = ", ".join(sorted(rules.options | rules.needs)) or "no option of its own"
        yield key, f'is no option of kind = "{source.kind}", which has: {others}; leave it out'
    for key in sorted(rules.needs - said):
        form = "a table [source.select]" if key == "select" else f"{key} = …"
        yield key, f'is missing; kind = "{source.kind}" needs {form}'
    scheme = URL(source.url).scheme
    if scheme not in rules.schemes:
        begins = " or ".join(f"{scheme}://" for scheme in rules.schemes)
        yield "url", f'does not fit kind = "{source.kind}"; its address begins with {begins}'
    elif reason := rules.fits(source.url):
        yield "url", reason
    else:
        for key, why in rules.lacks(source.url, said).items():
            yield key, f"is missing; {why}"
    if source.select:
        wrong = rules.wrong_selectors(Selectors(**dict(source.select)))
        yield from ((f"select.{key}", message) for key, message in wrong.items())


def _unknown(value: str, known: Collection[str], what: str) -> str:
    close = difflib.get_close_matches(value, known, n=1)
    cure = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(sorted(known)) or 'none'}"
    return f"{value!r} is no {what} here; {cure}"


def _explain(problem: Any) -> tuple[Place, str]:
    place: Place = tuple(problem["loc"])
    key, value = place[-1], problem["input"]
    match problem["type"]:
        case "extra_forbidden":
            names = _fields_at(place[:-1])
            close = difflib.get_close_matches(str(key), names, n=1)
            cure = f"did you mean {close[0]!r}?" if close else f"it can hold: {', '.join(names)}"
            return place, f"is no key of this table; {cure}"
        case "missing":
            return place, f"is missing; add {key} = …" if len(place) > 1 else f"is missing; add a table [{key}]"
        case "string_pattern_mismatch":
            return place, f"{value!r} does not fit; {_pattern_cure(str(problem['ctx']['pattern']))}"
        case "value_error":
            said = str(problem["ctx"]["error"])
            return place, f"{_short(value)}{':' if said.startswith('write') else ''} {said}"
        case _:
            return place, f"{_short(value)}: {problem['msg'][:1].lower()}{problem['msg'][1:]}"


def _short(value: object) -> str:
    value = re.sub(r"//[^/@]*@", "//…@", value) if isinstance(value, str) else value
    return repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:57]}…"  # noqa: PLR2004


def _pattern_cure(pattern: str) -> str:
    if "A-Z]{2}$" in pattern:
        return 'write the two capital letters of ISO 3166, such as "ES"'
    if "{2,3}" in pattern:
        return 'write a language tag (BCP 47), such as "eu" or "pt-BR"'
    return "use lower-case letters, digits and dashes"


def _fields_at(place: Place) -> Sequence[str]:
    tables: Mapping[str, type[_Table]] = {
        "stream": _Stream,
        "partner": _Partner,
        "source": _Source,
        "tag": _Tag,
        "call": _Call,
    }
    table = tables.get(str(place[0]), _File) if place else _File
    return tuple(table.model_fields)


def _report(name: str, lines: Mapping[Place, int], problems: Sequence[tuple[Place, str]]) -> str:
    located = [(_line(lines, place), _path(place), message) for place, message in problems]
    return "\n".join(f"{name}:{line}: {path}: {message}" for line, path, message in sorted(set(located)))


def _line(lines: Mapping[Place, int], place: Place) -> int:
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _path(place: Place) -> str:
    """`source[2].every` for the third source, counted as people count."""
    path = ""
    for step in place:
        path += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if path else str(step)
    return path
