"""What the public pages show, as values, and how values become a page. Knows neither request nor database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from aggregator.calls import Call
from aggregator.filters import DEFAULT_LIMIT, Asked, write_query
from aggregator.model import Configuration
from aggregator.store.stream import Counts, StreamFilters, StreamPage
from web.pagestyle import page_style
from web.rows import Row, Words, make_row, web_address
from web.strings import FALLBACK, Strings, all_strings, primary_subtag

FILTER_OF_ATTRIBUTE: Final = {
    "languages": "lang",
    "tag": "tag",
    "partner": "partner",
    "source": "source",
    "kind": "kind",
}


@dataclass(frozen=True, slots=True)
class View:
    """The rows of a page and the element around them. `more` leads on without script, `next` with it.

    Ids within the rows begin with `prefix`.
    """

    rows: tuple[Row, ...]
    more: str | None
    next: str | None
    attributes: Mapping[str, str]
    heading_level: int
    images: bool
    target: str | None
    filtered: bool
    prefix: str = "mpower-0-"


@dataclass(frozen=True, slots=True)
class Option:
    """One value that can be filtered by."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be filtered by, and its values."""

    name: str
    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class ShownCall:
    """A call in the visitor's language, else in one that there is. `until` says how long it is open, in words."""

    id: str
    title: Words
    text: Words
    button: Words
    url: str | None
    until: str | None = None


def render(template: str, values: Mapping[str, object]) -> str:
    """A page from its template; every value is escaped."""
    return _templates().get_template(template).render(values)


@cache
def _templates() -> Environment:
    environment = Environment(loader=PackageLoader("web"), autoescape=True, undefined=StrictUndefined)
    environment.globals["style"] = page_style()
    return environment


def show_stream(
    page: StreamPage,
    asked: Asked,
    configuration: Configuration,
    strings: Strings,
    *,
    root: str = "",
    path: str = "/stream",
    heading_level: int = 3,
    looks: Mapping[str, str] | None = None,
    target: str | None = None,
) -> View:
    """The view of what was read with `asked`.

    `root` stands before every address of ours, `path` is the page that leads on without script, `looks` are the
    element's `layout` and `images`, `target` is the Load More link's.
    """
    looks = dict(looks or {})
    more = following = None
    if page.next_cursor is not None:
        query, onward = {"ui": strings.language, **looks}, replace(asked, cursor=page.next_cursor)
        more = root + path + as_query(onward, more=query)
        following = root + "/stream.json" + as_query(replace(onward, prefer=preferred(asked, strings)))
    return View(
        rows=tuple(make_row(item, configuration, strings, root) for item in page.items),
        more=more,
        next=following,
        attributes=_attributes(asked) | looks,
        heading_level=heading_level,
        images=looks.get("images") != "off",
        target=target,
        filtered=asked.filters != StreamFilters(),
    )


def _attributes(asked: Asked) -> dict[str, str]:
    """The element's attributes for what was asked; `live` where new items belong on top of what is shown."""
    lists = {name: getattr(asked.filters, name_in_query) for name, name_in_query in FILTER_OF_ATTRIBUTE.items()}
    attributes = {name: " ".join(values) for name, values in lists.items() if values}
    if asked.prefer:
        attributes["prefer"] = " ".join(asked.prefer)
    if asked.limit != DEFAULT_LIMIT:
        attributes["limit"] = str(asked.limit)
    if asked.cursor is None and asked.filters.q is None:
        attributes["live"] = ""
    return attributes


def preferred(asked: Asked, strings: Strings) -> tuple[str, ...]:
    """The languages to show a story in: those asked for, else the visitor's."""
    return asked.prefer or (strings.language,)


def as_query(asked: Asked, more: Mapping[str, str] | None = None) -> str:
    """The query that asks for that."""
    return write_query(asked.filters, limit=asked.limit, cursor=asked.cursor, prefer=asked.prefer, more=more)


def translate_bar(configuration: Configuration) -> tuple[Strings, ...]:
    """The stream's languages that there are words for, its first one last."""
    known = all_strings()
    first, *others = configuration.stream.languages
    return tuple(known[language] for language in (*others, first) if language in known)


def paragraphs(text: str | None) -> tuple[str, ...]:
    """The parts between empty lines."""
    return tuple(part.strip() for part in (text or "").split("\n\n") if part.strip())


def show_call(call: Call, language: str, *, root: str = "") -> ShownCall:
    """The call for a reader of that language. Its button leads to its own address, else to our form."""
    strings, last = all_strings()[language], call.last_moment
    return ShownCall(
        call.id,
        title=in_language(call.title, language),
        text=in_language(call.text, language),
        button=in_language(call.button, language),
        url=web_address(call.url) if call.url else f"{root}/interest/{call.id}?ui={language}",
        until=strings.text("interest_until").format(date=strings.date(last)) if last else None,
    )


def consent_of(call: Call, configuration: Configuration, strings: Strings, public_url: str) -> Words:
    """What somebody who answers the call agrees to: the call's own wording, else the program's."""
    if call.consent:
        return in_language(call.consent, strings.language)
    said = strings.text("interest_consent").format(
        title=configuration.stream.title,
        call=in_language(call.title, strings.language).text,
        days=-(-call.keep // timedelta(days=1)),
        contact=contact_of(configuration, public_url),
    )
    return Words(said, strings.language)


def contact_of(configuration: Configuration, public_url: str) -> str:
    """Where whoever runs the stream can be reached."""
    return configuration.stream.contact or public_url


def in_language(words: Mapping[str, str], language: str) -> Words:
    """The words in that language, else in English, else in the first there is."""
    chosen = next((code for code in (language, FALLBACK, *words) if code in words), "und")
    return Words(words.get(chosen, ""), chosen)


def show_choices(
    counts: Counts, filters: StreamFilters, configuration: Configuration, strings: Strings
) -> tuple[Choice, ...]:
    """What can be filtered by, with how many items there are of each; regions of a language count as the language."""
    languages: dict[str, int] = {}
    for code, count in counts.languages.items():
        if code != "und":
            languages[primary_subtag(code)] = languages.get(primary_subtag(code), 0) + count
    names = {code: strings.language_name(code) or strings.name for code in (*languages, *filters.lang)}
    topics = {tag.id: in_language(tag.label, strings.language).text for tag in configuration.tags}
    partners = {partner.id: partner.name for partner in configuration.partners}
    return (
        _choice("lang", strings.text("filter_language"), languages, names, filters.lang),
        _choice("tag", strings.text("filter_tag"), counts.tags, topics, filters.tag),
        _choice("partner", strings.text("filter_partner"), counts.partners, partners, filters.partner),
    )


def _choice(
    name: str, label: str, counts: Mapping[str, int], labels: Mapping[str, str], chosen: tuple[str, ...]
) -> Choice:
    values = {value: labels.get(value, value) for value in (*counts, *chosen)}
    options = [Option(value, text, counts.get(value, 0), value in chosen) for value, text in values.items()]
    return Choice(name, label, tuple(sorted(options, key=lambda option: option.label.casefold())))


def kept_fields(asked: Asked) -> tuple[tuple[str, str], ...]:
    """What the filter form has no field for and must not lose."""
    kept = [(name, value) for name in ("source", "kind") for value in getattr(asked.filters, name)]
    kept += [("prefer", value) for value in asked.prefer]
    return (*kept, *([("limit", str(asked.limit))] if asked.limit != DEFAULT_LIMIT else []))
