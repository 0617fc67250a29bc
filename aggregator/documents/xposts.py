"""Answers of X's API v2 (https://docs.x.com/x-api) as values: an account, and a page of its posts.

What was read, and so is to be paid for, is counted here; what it costs is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aggregator.documents import fields
from aggregator.documents.datestrings import read_date
from aggregator.documents.jsonvalues import NOTHING, Object, inner, number, objects, parse, text, texts
from aggregator.documents.xtext import is_of_post, link_of, post_html
from aggregator.errors import DocumentError
from aggregator.model import Author, Card, Media, Quote, Sighting

# What X writes where it knows no language: only links, hashtags, media …
_NO_LANGUAGES = frozenset({"art", "qam", "qct", "qht", "qme", "qst", "und", "zxx"})
_OLD_CODES = {"in": "id", "iw": "he", "ji": "yi"}


@dataclass(frozen=True, slots=True)
class Account:
    """An account by its lasting id, with the names that it has now."""

    id: str
    username: str
    name: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of an account's posts, newest first, and what was read for it.

    `problem` says why there is nothing, where X says so. `newest` and `oldest` are ids of posts,
    `next_token` asks for the page that follows.
    """

    entries: tuple[Sighting, ...]
    posts: int
    users: int
    media: int
    newest: str | None = None
    oldest: str | None = None
    next_token: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Included:
    """What the posts of a page refer to, by id."""

    posts: dict[str, Object]
    users: dict[str, Object]
    media: dict[str, Object]


def read_account(body: bytes) -> Account | str:
    """The account, or what is wrong with it. Raises DocumentError where the answer is of no such kind."""
    answer = _answer(body)
    account = inner(answer, "data")
    account_id, username = text(account, "id"), text(account, "username")
    if account_id.isascii() and account_id.isdigit() and username:
        return Account(
            account_id[:30], fields.clean(username, 50), fields.clean(text(account, "name"), fields.MAX_NAME)
        )
    return _problem(answer) or "X says nothing of this account"


def read_timeline(body: bytes, account: Account) -> Timeline:
    """The account's posts. Raises DocumentError where the answer is of no such kind."""
    answer = _answer(body)
    includes = inner(answer, "includes")
    posts = objects(answer, "data")
    included = _Included(
        {text(each, "id"): each for each in objects(includes, "tweets")},
        {text(each, "id"): each for each in objects(includes, "users")},
        {text(each, "media_key"): each for each in objects(includes, "media")},
    )
    ids = sorted((post_id for each in posts if (post_id := _id(each))), key=int)
    return Timeline(
        entries=tuple(_sighting(post, account, included) for post in posts if _id(post)),
        posts=len(posts) + len(objects(includes, "tweets")),
        users=len(objects(includes, "users")),
        media=len(objects(includes, "media")),
        newest=ids[-1] if ids else None,
        oldest=ids[0] if ids else None,
        next_token=fields.clean(text(inner(answer, "meta"), "next_token"), fields.MAX_NAME) or None,
        problem=None if posts else _problem(answer),
    )


def _answer(body: bytes) -> Object:
    answer = parse(body, "X")
    if not isinstance(answer, dict) or not {"data", "errors", "meta"} & set(answer):
        raise DocumentError("What X answered is not what its API v2 answers.")
    return answer


def _problem(answer: Object) -> str | None:
    """What stands in `errors` in words that name the cure; the words of X are not passed on."""
    problems = objects(answer, "errors")
    if not problems:
        return None
    said = f"{text(problems[0], 'title')} {text(problems[0], 'detail')}".lower()
    if "suspended" in said:
        return "X has suspended this account; leave it out, or wait until it is back"
    if "not found" in said or "could not find" in said:
        return "X has no account of this name; it may have been renamed: write its name of today in url"
    if "authorization" in said or "not authorized" in said:
        return "this account shows its posts only to followers; ask its owner to make it public"
    return "X does not show this account's posts, and gives no reason that could be mended"


def _id(post: Object) -> str:
    post_id = text(post, "id")
    return post_id if post_id.isascii() and post_id.isdigit() and len(post_id) <= 30 else ""  # noqa: PLR2004


def _sighting(post: Object, account: Account, included: _Included) -> Sighting:
    by = Author(account.name or account.username, f"https://x.com/{account.username}")
    refers = {text(each, "type"): text(each, "id") for each in objects(post, "referenced_tweets")[:5]}
    original = included.posts.get(refers.get("retweeted", ""))
    is_boost = "retweeted" in refers
    shown = original or post
    author = _author(original, included) if original else None
    quoted = refers.get("quoted")
    if original:
        quoted = next(
            (text(e, "id") for e in objects(original, "referenced_tweets") if text(e, "type") == "quoted"), None
        )
    note = inner(shown, "note_tweet")
    words = note if text(note, "text") else shown
    entities = inner(words, "entities")
    url = f"https://x.com/{account.username}/status/{_id(post)}"
    history = [each for each in texts(post, "edit_history_tweet_ids") if each.isascii() and each.isdigit()]
    return Sighting(
        # An edit makes a new post with a new id; the first of them all stands for what was said.
        entry_id=fields.identifier(history[0] if history else _id(post)),
        url=f"{author.url}/status/{_id(original)}" if original and author and _id(original) else url,
        body_html=post_html(text(words, "text"), entities, without=quoted),
        language=_language(text(shown, "lang")),
        authors=(author or by,) if original or not is_boost else (_named_in_text(text(post, "text")) or by,),
        hashtags=fields.distinct_names(text(tag, "tag") for tag in objects(entities, "hashtags")),
        media=fields.distinct_media(_media(shown, entities, included)),
        published_at=read_date(text(post, "created_at")),
        card=_card(entities, quoted),
        quote=_quote(quoted, included),
        boosted_by=by if is_boost else None,
        reply_to=_reply_to(post, refers, account),
        is_sensitive=post.get("possibly_sensitive") is True or shown.get("possibly_sensitive") is True,
    )


def _author(post: Object, included: _Included) -> Author | None:
    user = included.users.get(text(post, "author_id"), NOTHING)
    username = fields.clean(text(user, "username"), 50)
    name = fields.clean(text(user, "name"), fields.MAX_NAME)
    return Author(name or username, f"https://x.com/{username}") if username else None


def _named_in_text(words: str) -> Author | None:
    """Whom a repost is of, where X does not send the post itself: its text begins with `RT @name:`."""
    name = words.removeprefix("RT @").partition(":")[0]
    is_name = words.startswith("RT @") and name.isascii() and name.replace("_", "").isalnum()
    return Author(name[:50], f"https://x.com/{name[:50]}") if is_name else None


def _reply_to(post: Object, refers: dict[str, str], account: Account) -> str | None:
    """What it answers. Who answers themselves goes on with what they said."""
    if text(post, "in_reply_to_user_id") == account.id or "replied_to" not in refers:
        return None
    return f"https://x.com/i/status/{fields.clean(refers['replied_to'], 50)}"


def _quote(quoted: str | None, included: _Included) -> Quote | None:
    if not quoted or not quoted.isascii() or not quoted.isdigit():
        return None
    post = included.posts.get(quoted, NOTHING)
    author = _author(post, included)
    note = inner(post, "note_tweet")
    words = note if text(note, "text") else post
    return Quote(
        f"{author.url if author else 'https://x.com/i'}/status/{quoted[:50]}",
        author,
        post_html(text(words, "text"), inner(words, "entities")),
    )


def _card(entities: Object, quoted: str | None) -> Card | None:
    for link in objects(entities, "urls"):
        address = link_of(link)
        title = fields.plain_text(text(link, "title"), fields.MAX_TITLE)
        if address and title and not is_of_post(link, quoted):
            return Card(address, title, fields.plain_text(text(link, "description"), fields.MAX_ALT) or None)
    return None


def _media(post: Object, entities: Object, included: _Included) -> Iterator[Media]:
    for key in texts(inner(post, "attachments"), "media_keys"):
        one = included.media.get(key, NOTHING)
        # Of a film what is shown is its picture; the film itself is on X.
        if address := fields.web_address(text(one, "url")) or fields.web_address(text(one, "preview_image_url")):
            alt = fields.clean(text(one, "alt_text"), fields.MAX_ALT) or None
            yield Media(address, fields.media_type(None, address, otherwise=fields.ANY_PICTURE), alt, *_size(one))
    for link in objects(entities, "urls"):
        for picture in objects(link, "images")[:1]:
            if address := fields.web_address(text(picture, "url")):
                yield Media(address, fields.ANY_PICTURE, None, *_size(picture))


def _size(picture: Object) -> tuple[int | None, int | None]:
    width, height = (fields.whole_number(str(number(picture, key) or "")) for key in ("width", "height"))
    return width, height


def _language(code: str) -> str | None:
    return None if code in _NO_LANGUAGES else fields.language_tag(_OLD_CODES.get(code, code))
