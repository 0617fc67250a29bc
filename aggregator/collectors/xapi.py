"""Asks X's API v2 for what costs money, and counts it: reserved before it is asked, settled when the answer is there.

Where the answer is lost, it may have been paid for, and stays counted as the dearest that it could be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta

from yarl import URL

from aggregator.collectors.contract import Answer, Outside, Reserved
from aggregator.documents.networks.xposts import Account, Timeline, read_account, read_timeline
from aggregator.errors import CollectError, FetchError, RefusedError, SpentError
from aggregator.model import Source

# US dollars for each thing that comes: https://docs.x.com/x-api/getting-started/pricing, since February 2026. What a
# post refers to (the post that it quotes, that post's author, pictures) is paid for like the post itself.
POST_PRICE, USER_PRICE, MEDIA_PRICE = 0.005, 0.010, 0.005
# What one post can bring with it: a quoted post and an answered one with their authors, and four pictures each.
MOST_REFERRED, MOST_PICTURES = 2, 4
FEWEST = 5  # X gives no fewer at once

API = "https://api.x.com"
X_HOSTS = frozenset({"x.com", "twitter.com", "www.x.com", "www.twitter.com", "mobile.x.com", "mobile.twitter.com"})
USER_FIELDS = {"user.fields": "name,username"}
POST_FIELDS = {
    "tweet.fields": "attachments,author_id,created_at,edit_history_tweet_ids,entities,in_reply_to_user_id,lang,"
    "note_tweet,possibly_sensitive,referenced_tweets"
}
EXPANDED_FIELDS = {**USER_FIELDS, "media.fields": "alt_text,height,media_key,preview_image_url,type,url,width"}
EXPANSIONS = "attachments.media_keys,referenced_tweets.id,referenced_tweets.id.author_id"
OF_BOOSTS = "referenced_tweets.id.attachments.media_keys"
CURES = {
    401: "X does not accept the token: make a new bearer token at console.x.com and put it where sources.toml says",
    402: "the credits at X are used up: buy more at console.x.com, or switch this source off",
    403: "X refuses the app of this token: see at console.x.com that it may read posts and pays by use",
}
ERRORS = 400


@dataclass(frozen=True, slots=True)
class Wish:
    """What of an account's posts is asked for: those newer than `since` and older than `until`, or a page's token."""

    account: Account
    results: int
    since: str | None = None
    until: str | None = None
    token: str | None = None


def price(posts: int, users: int, media: int) -> float:
    """What so many things cost, in US dollars."""
    return posts * POST_PRICE + users * USER_PRICE + media * MEDIA_PRICE


@dataclass(frozen=True, slots=True)
class PaidApi:
    """The API as one source may use it."""

    source: Source
    outside: Outside
    token: str = field(repr=False)

    async def find_account(self, name: str) -> Account:
        """The account of that name. Raises CollectError."""
        reserved = await self._reserve(1, USER_PRICE) or await self._refuse()
        answer = await self._get(f"/2/users/by/username/{name}", USER_FIELDS, reserved)
        account = await self.outside.reader.run(read_account, answer.body)
        if isinstance(account, str):
            await self.outside.purse.settle(reserved, reads=0, dollars=0.0)
            raise CollectError(account)
        return account

    async def read_posts(self, wish: Wish) -> Timeline:
        """A page of posts: fewer of them, or without what they refer to, where the money is short. CollectError."""
        for results, is_whole in ((wish.results, True), (FEWEST, True), (FEWEST, False)):
            reads, dollars = self._dearest(results, is_whole=is_whole)
            if reserved := await self._reserve(reads, dollars):
                break
        else:
            reserved = await self._refuse()
        parameters = self._parameters(wish, results, is_whole=is_whole)
        answer = await self._get(f"/2/users/{wish.account.id}/tweets", parameters, reserved)
        timeline = await self.outside.reader.run(read_timeline, answer.body, wish.account)
        read = (timeline.posts, timeline.users, timeline.media)
        await self.outside.purse.settle(reserved, reads=sum(read), dollars=price(*read))
        if timeline.problem:
            raise CollectError(timeline.problem)
        return timeline

    def _dearest(self, results: int, *, is_whole: bool) -> tuple[int, float]:
        """How much can come for so many posts at the most, and what it would cost."""
        if not is_whole:
            return results, price(results, 0, 0)
        pictures = MOST_PICTURES * (1 + MOST_REFERRED if self.source.boosts else 1)
        most = (results * (1 + MOST_REFERRED), results * MOST_REFERRED, results * pictures)
        return sum(most), price(*most)

    def _parameters(self, wish: Wish, results: int, *, is_whole: bool) -> dict[str, str]:
        excluded = [name for name, is_wanted in (("replies", self.source.replies), ("retweets", self.source.boosts))
                    if not is_wanted]  # fmt: skip
        expansions = f"{EXPANSIONS},{OF_BOOSTS}" if self.source.boosts else EXPANSIONS
        whole = {**EXPANDED_FIELDS, "expansions": expansions} if is_whole else {}
        place = {"since_id": wish.since, "until_id": wish.until, "pagination_token": wish.token}
        every = {"max_results": str(results), "exclude": ",".join(excluded), **POST_FIELDS, **whole, **place}
        return {name: value for name, value in every.items() if value}

    async def _reserve(self, reads: int, dollars: float) -> Reserved | None:
        limit = self.source.monthly_limit
        return await self.outside.purse.reserve(self.source.id, reads=reads, dollars=dollars, limit=limit)

    async def _refuse(self) -> Reserved:
        spent = await self.outside.purse.spent(self.source.id)
        this_month = self.outside.now().astimezone(UTC).replace(day=1)
        next_month = (this_month + timedelta(days=32)).replace(day=1)
        raise SpentError(
            f"${spent:.2f} of this month's ${self.source.monthly_limit:.2f} are spent, and the next request could cost "
            f"more than is left: raise monthly_limit, or wait until {next_month:%d %B}"
        )

    async def _get(self, path: str, parameters: Mapping[str, str], reserved: Reserved) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}"}
        address = str(URL(_origin(self.source.url) + path).with_query(parameters))
        try:
            return await self.outside.fetch.get(address, accept="application/json", headers=headers, only_once=True)
        except FetchError as error:
            if isinstance(error, RefusedError) or not error.was_sent or (error.status or 0) >= ERRORS:
                await self.outside.purse.settle(reserved, reads=0, dollars=0.0)
            if cure := CURES.get(error.status or 0):
                raise CollectError(cure) from error
            raise


def _origin(url: str) -> str:
    return API if URL(url).host in X_HOSTS else str(URL(url).origin())
