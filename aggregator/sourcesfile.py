"""Reads sources.toml into a Configuration. An error names the file, the line, the key and the cure."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from yarl import URL

from aggregator.callsfile import CALL, call_contradictions, call_of
from aggregator.errors import SettingsError
from aggregator.model import (
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
from aggregator.tomltables import Mistakes, Table, by, number, one_of, plain, several, text, yes_or_no
from aggregator.tomlvalues import COUNTRY, IDENTIFIER, LANGUAGE, SOME_WORDS, WORDS, address, duration, web_address

SHORTEST_INTERVAL, USUAL_INTERVAL = timedelta(seconds=10), timedelta(minutes=30)


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


def _interval(value: object) -> timedelta:
    interval = duration(value)
    if interval < SHORTEST_INTERVAL:
        raise ValueError('is too short; the shortest is "10s", and "30m" is kind to a partner\'s server')
    return interval


def _review(value: object) -> Review:
    if isinstance(value, str):
        mode, _, delay = value.partition(":")
        if value in {"hold", "auto"}:
            return Review(ReviewMode(value))
        if mode == "veto" and delay:
            return Review(ReviewMode.VETO, duration(delay))
    raise ValueError('write "hold", "auto" or "veto:6h"')


def _hub(value: object) -> str:
    if value in {"own", "none"}:
        return str(value)
    try:
        return web_address(value)
    except ValueError as error:
        raise ValueError(
            'write "own", "none", or the address of a WebSub hub, such as "https://hub.example/"'
        ) from error


def _secret(value: object) -> Secret:
    if not isinstance(value, str) or value.strip() in {"", "env:"}:
        raise ValueError('write "env:NAME", so that the environment\'s variable NAME holds it')
    name = value.strip()
    return Secret(name) if name.startswith("env:") else Secret("the one in sources.toml", name)


STREAM = Table(
    {
        "title": text,
        "languages": several(LANGUAGE, least=1),
        "review": _review,
        "headline": WORDS,
        "intro": WORDS,
        "more": WORDS,
        "contact": text,
        "block": several(text),
        "hub": _hub,
    },
    needs=("title", "languages"),
)
PARTNER = Table(
    {"id": IDENTIFIER, "name": text, "country": COUNTRY, "url": web_address, "logo": text, "listed": yes_or_no},
    needs=("id", "name"),
)
SELECT = Table(dict.fromkeys(("item", "link", "title", "date", "picture", "text"), text), needs=("item",))
SOURCE = Table(
    {
        "id": IDENTIFIER,
        "partner": IDENTIFIER,
        "kind": plain,
        "url": address,
        "languages": several(LANGUAGE),
        "every": _interval,
        "review": _review,
        "tags": several(IDENTIFIER),
        "match_any": several(text),
        "expect_every": duration,
        "enabled": yes_or_no,
        "push": yes_or_no,
        "vanished": one_of(Vanished),
        "user": text,
        "token": _secret,
        "replies": yes_or_no,
        "boosts": yes_or_no,
        "sensitive": one_of(Sensitive),
        "monthly_limit": number(0, 100_000),
        "items": one_of(MailItems),
        "select": SELECT,
    },
    needs=("id", "partner", "kind", "url"),
)
TAG = Table({"id": IDENTIFIER, "label": SOME_WORDS, "words": by(LANGUAGE, several(text))}, needs=("id", "label"))
FILE = Table(
    {
        "stream": STREAM,
        "partner": several(PARTNER),
        "source": several(SOURCE),
        "tag": several(TAG),
        "call": several(CALL),
    },
    needs=("stream",),
)


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
        file = FILE(tables)
    except Mistakes as error:
        raise SettingsError(_report(name, lines_of(text), error.found)) from error
    configuration = _configuration(file, environment or {})
    problems = list(_contradictions(configuration, file, kinds, refuses))
    if problems:
        raise SettingsError(_report(name, lines_of(text), problems))
    return configuration


def _configuration(file: Mapping[str, Any], environment: Mapping[str, str]) -> Configuration:
    stream = Stream(**{"review": Review(ReviewMode.HOLD), **file["stream"]})
    return Configuration(
        stream=stream,
        partners=tuple(Partner(**partner) for partner in file.get("partner", ())),
        sources=tuple(_source(source, stream, environment) for source in file.get("source", ())),
        tags=tuple(Tag(**{"words": {}, **tag}) for tag in file.get("tag", ())),
        calls=tuple(call_of(call) for call in file.get("call", ())),
    )


def _source(table: Mapping[str, Any], stream: Stream, environment: Mapping[str, str]) -> Source:
    said = {"languages": (), "every": USUAL_INTERVAL, "review": stream.review, **table}
    token = said.get("token")
    if token and not token.value:
        said["token"] = Secret(token.name, environment.get(token.name.removeprefix("env:")))
    if "select" in said:
        said["select"] = Selectors(**said["select"])
    return Source(**said)


def _contradictions(
    configuration: Configuration,
    file: Mapping[str, Any],
    kinds: Mapping[str, Rules],
    refuses: Callable[[str], str | None],
) -> Iterator[tuple[Place, str]]:
    """What each table alone cannot show: ids used twice, names of nothing, addresses that are never fetched."""
    yield from _used_twice(file)
    yield from call_contradictions(file.get("call", ()))
    if configuration.stream.hub not in {"own", "none"} and (reason := refuses(configuration.stream.hub)):
        yield ("stream", "hub"), reason
    partners, tags = {partner.id for partner in configuration.partners}, {tag.id for tag in configuration.tags}
    for index, source in enumerate(configuration.sources):
        if source.partner not in partners:
            yield ("source", index, "partner"), _unknown(source.partner, partners, "[[partner]]")
        if source.kind not in kinds:
            yield ("source", index, "kind"), _unknown(source.kind, kinds, "kind of source")
            continue
        said = OPTIONS & file["source"][index].keys()
        yield from ((_at(index, key), message) for key, message in _unfit(source, said, kinds[source.kind]))
        for tag in source.tags:
            if tag not in tags:
                yield ("source", index, "tags"), _unknown(tag, tags, "[[tag]]")
        if reason := refuses(source.url):
            yield ("source", index, "url"), reason


def _used_twice(file: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    for table in ("partner", "source", "tag", "call"):
        seen: set[str] = set()
        for index, row in enumerate(file.get(table, ())):
            if row["id"] in seen:
                yield (table, index, "id"), f"{row['id']!r} is used twice; give each {table} an id of its own"
            seen.add(row["id"])


def _at(index: int, key: str) -> Place:
    return ("source", index, *key.split("."))


def _unfit(source: Source, said: frozenset[str], rules: Rules) -> Iterator[tuple[str, str]]:
    """What a source says that its kind has no use for, what makes no sense, and what it does not say, by key."""
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
        wrong = rules.wrong_selectors(source.select)
        yield from ((f"select.{key}", message) for key, message in wrong.items())


def _unknown(value: str, known: Collection[str], what: str) -> str:
    close = difflib.get_close_matches(value, known, n=1)
    cure = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(sorted(known)) or 'none'}"
    return f"{value!r} is no {what} here; {cure}"


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
