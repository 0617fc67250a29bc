"""Answers of X's API v2 (https://docs.x.com/x-api) as values: an account, and a page of its posts.

What was read, and so is to be paid for, is counted here; what it costs is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aggregator.documents import fields
from aggregator.documents.datestrings import read_date
from aggregator.documents.jsonparts import (
    NOTHING,
    Object,
    kind_of,
    list_at,
    object_at,
    objects_at,
    read_object,
    text_at,
    texts_at,
    usable,
    whole_at,
)
from aggregator.documents.networks.xtext import is_of_post, link_of, post_html
from aggregator.errors import DocumentError
from aggregator.model import Author, Card, Media, Quote, Sighting

_ANSWER = "What X answered"
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
    account = object_at(answer, "data")
    account_id, username = text_at(account, "id"), text_at(account, "username")
    if account_id.isascii() and account_id.isdigit() and username:
        return Account(
            account_id[:30], fields.clean(username, 50), fields.clean(text_at(account, "name"), fields.MAX_NAME)
        )
    return _problem(answer) or "X says nothing of this account"


def read_timeline(body: bytes, account: Account) -> Timeline:
    """The account's posts. Raises DocumentError where the answer is of no such kind."""
    answer = _answer(body)
    includes = object_at(answer, "includes")
    posts = _posts(answer)
    included = _Included(
        {text_at(each, "id"): each for each in objects_at(includes, "tweets")},
        {text_at(each, "id"): each for each in objects_at(includes, "users")},
        {text_at(each, "media_key"): each for each in objects_at(includes, "media")},
    )
    ids = sorted(map(_id, posts), key=int)
    return Timeline(
        entries=tuple(_sighting(post, account, included) for post in posts),
        posts=len(list_at(answer, "data")) + len(objects_at(includes, "tweets")),
        users=len(objects_at(includes, "users")),
        media=len(objects_at(includes, "media")),
        newest=ids[-1] if ids else None,
        oldest=ids[0] if ids else None,
        next_token=fields.clean(text_at(object_at(answer, "meta"), "next_token"), fields.MAX_NAME) or None,
        problem=None if posts else _problem(answer),
    )


def _answer(body: bytes) -> Object:
    answer = read_object(body, _ANSWER)
    if not {"data", "errors", "meta"} & set(answer):
        raise DocumentError(f"{_ANSWER} is not what its API v2 answers.")
    return answer


def _posts(answer: Object) -> list[Object]:
    """The posts of a page. Where there are none X sends no `data`, and says so in `meta` or why in `errors`."""
    if answer.get("data") is None and ("result_count" in object_at(answer, "meta") or objects_at(answer, "errors")):
        return []
    data = answer.get("data")
    if not isinstance(data, list):
        raise DocumentError(f"{_ANSWER} should hold a list of posts, and holds {kind_of(data)}.")
    return usable(data, lambda post: post if _id(post) else None, _ANSWER)


def _problem(answer: Object) -> str | None:
    """What stands in `errors` in words that name the cure; the words of X are not passed on."""
    problems = objects_at(answer, "errors")
    if not problems:
        return None
    said = f"{text_at(problems[0], 'title')} {text_at(problems[0], 'detail')}".lower()
    if "suspended" in said:
        return "X has suspended this account; leave it out, or wait until it is back"
    if "not found" in said or "could not find" in said:
        return "X has no account of this name; it may have been renamed: write its name of today in url"
    if "authorization" in said or "not authorized" in said:
        return "this account shows its posts only to followers; ask its owner to make it public"
    return "X does not show this account's posts, and gives no reason that could be mended"


def _id(post: Object) -> str:
    post_id = text_at(post, "id")
    return post_id if post_id.isascii() and post_id.isdigit() and len(post_id) <= 30 else ""  # noqa: PLR2004


def _sighting(post: Object, account: Account, included: _Included) -> Sighting:
    by = Author(account.name or account.username, f"https://x.com/{account.username}")
    refers = {text_at(each, "type"): text_at(each, "id") for each in objects_at(post, "referenced_tweets", 5)}
    original = included.posts.get(refers.get("retweeted", ""))
    is_boost = "retweeted" in refers
    shown = original or post
    author = _author(original, included) if original else None
    quoted = refers.get("quoted")
    if original:
        quoted = next(
            (text_at(e, "id") for e in objects_at(original, "referenced_tweets") if text_at(e, "type") == "quoted"),
            None,
        )
    note = object_at(shown, "note_tweet")
    words = note if text_at(note, "text") else shown
    entities = object_at(words, "entities")
    url = f"https://x.com/{account.username}/status/{_id(post)}"
    history = [each for each in texts_at(post, "edit_history_tweet_ids") if each.isascii() and each.isdigit()]
    return Sighting(
        # An edit makes a new post with a new id; the first of them all stands for what was said.
        entry_id=fields.identifier(history[0] if history else _id(post)),
        url=f"{author.url}/status/{_id(original)}" if original and author and _id(original) else url,
        body_html=post_html(text_at(words, "text"), entities, without=quoted),
        language=_language(text_at(shown, "lang")),
        authors=(author or by,) if original or not is_boost else (_named_in_text(text_at(post, "text")) or by,),
        hashtags=fields.distinct_names(text_at(tag, "tag") for tag in objects_at(entities, "hashtags")),
        media=fields.distinct_media(_media(shown, entities, included)),
        published_at=read_date(text_at(post, "created_at")),
        card=_card(entities, quoted),
        quote=_quote(quoted, included),
        boosted_by=by if is_boost else None,
        reply_to=_reply_to(post, refers, account),
        is_sensitive=post.get("possibly_sensitive") is True or shown.get("possibly_sensitive") is True,
    )


def _author(post: Object, included: _Included) -> Author | None:
    user = included.users.get(text_at(post, "author_id"), NOTHING)
    username = fields.clean(text_at(user, "username"), 50)
    name = fields.clean(text_at(user, "name"), fields.MAX_NAME)
    return Author(name or username, f"https://x.com/{username}") if username else None


def _named_in_text(words: str) -> Author | None:
    """Whom a repost is of, where X does not send the post itself: its text begins with `RT @name:`."""
    name = words.removeprefix("RT @").partition(":")[0]
    is_name = words.startswith("RT @") and name.isascii() and name.replace("_", "").isalnum()
    return Author(name[:50], f"https://x.com/{name[:50]}") if is_name else None


def _reply_to(post: Object, refers: dict[str, str], account: Account) -> str | None:
    """What it answers. Who answers themselves goes on with what they said."""
    if text_at(post, "in_reply_to_user_id") == account.id or "replied_to" not in refers:
        return None
    return f"https://x.com/i/status/{fields.clean(refers['replied_to'], 50)}"


def _quote(quoted: str | None, included: _Included) -> Quote | None:
    if not quoted or not quoted.isascii() or not quoted.isdigit():
        return None
    post = included.posts.get(quoted, NOTHING)
    author = _author(post, included)
    note = object_at(post, "note_tweet")
    words = note if text_at(note, "text") else post
    return Quote(
        f"{author.url if author else 'https://x.com/i'}/status/{quoted[:50]}",
        author,
        post_html(text_at(words, "text"), object_at(words, "entities")),
    )


def _card(entities: Object, quoted: str | None) -> Card | None:
    for link in objects_at(entities, "urls"):
        address = link_of(link)
        title = fields.plain_text(text_at(link, "title"), fields.MAX_TITLE)
        if address and title and not is_of_post(link, quoted):
            return Card(address, title, fields.plain_text(text_at(link, "description"), fields.MAX_ALT) or None)
    return None


def _media(post: Object, entities: Object, included: _Included) -> Iterator[Media]:
    for key in texts_at(object_at(post, "attachments"), "media_keys"):
        one = included.media.get(key, NOTHING)
        # Of a film what is shown is its picture; the film itself is on X.
        if address := fields.web_address(text_at(one, "url")) or fields.web_address(text_at(one, "preview_image_url")):
            alt = fields.clean(text_at(one, "alt_text"), fields.MAX_ALT) or None
            yield Media(address, fields.media_type(None, address, otherwise=fields.ANY_PICTURE), alt, *_size(one))
    for link in objects_at(entities, "urls"):
        for picture in objects_at(link, "images", 1):
            if address := fields.web_address(text_at(picture, "url")):
                yield Media(address, fields.ANY_PICTURE, None, *_size(picture))


def _size(picture: Object) -> tuple[int | None, int | None]:
    width, height = (fields.whole_number(str(whole_at(picture, key) or "")) for key in ("width", "height"))
    return width, height


def _language(code: str) -> str | None:
    return None if code in _NO_LANGUAGES else fields.language_tag(_OLD_CODES.get(code, code))
