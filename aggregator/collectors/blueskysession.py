"""Signs in to an account's server with an app password, for the one thing that Bluesky asks it for: searching.

A session is kept in memory for as long as the fetch it came by, never in the database. A server gives out few of
them: 300 a day for an account (https://docs.bsky.app/docs/advanced-guides/rate-limits).
"""

from __future__ import annotations

import json
from typing import NoReturn
from weakref import WeakKeyDictionary

from aggregator.collectors.contract import Answer, Outside
from aggregator.collectors.xrpc import JSON, Parameters, XrpcError, query, understood
from aggregator.documents.networks.blueskyanswers import Fault, Session, read_session
from aggregator.errors import CollectError, FetchError
from aggregator.model import Source
from aggregator.outgoing import Fetch

PASSWORDS = "https://bsky.app/settings/app-passwords"
_REFUSED = frozenset({400, 401, 403})
_UNAUTHORISED, _FORBIDDEN = 401, 403
_Key = tuple[str, str, str]
_sessions: WeakKeyDictionary[Fetch, dict[_Key, Session]] = WeakKeyDictionary()


async def query_signed_in(source: Source, server: str, method: str, parameters: Parameters, outside: Outside) -> Answer:
    """The answer to a query that is asked as the source's `user`. Raises CollectError that names the cure."""
    if not source.user or not source.token:
        raise CollectError(
            "Bluesky answers searches only to an account: give its handle as user and an app password as token "
            f"(made at {PASSWORDS}), or follow accounts, lists or feeds instead"
        )
    key = (server, source.user, source.token.reveal())
    kept = _sessions.setdefault(outside.fetch, {})
    session = kept.get(key)
    if session:
        try:
            return await _ask(session, server, method, parameters, outside)
        except XrpcError as error:
            if error.status != _UNAUTHORISED and error.fault is not Fault.EXPIRED:
                _refuse(error, source)
            del kept[key]
    kept[key] = session = await _sign_in(key, source, outside)
    try:
        return await _ask(session, server, method, parameters, outside)
    except XrpcError as error:
        _refuse(error, source)


async def _ask(session: Session, server: str, method: str, parameters: Parameters, outside: Outside) -> Answer:
    # The account's own server passes the question on to its AppView.
    headers = {"Authorization": f"Bearer {session.token}"}
    return await query(outside, session.server or server, method, parameters, headers=headers)


async def _sign_in(key: _Key, source: Source, outside: Outside) -> Session:
    server, user, password = key
    body = json.dumps({"identifier": user, "password": password}).encode()
    url = f"{server}/xrpc/com.atproto.server.createSession"
    try:
        answer = await outside.fetch.post(url, body, content_type=JSON, accept=JSON)
    except FetchError as error:
        _refuse_sign_in(await understood(error, outside), source)
    session = await outside.reader.run(read_session, answer.body)
    is_as_safe = session.server and (session.server.startswith("https://") or server.startswith("http://"))
    return session if is_as_safe else Session(session.token)


def _refuse_sign_in(error: XrpcError, source: Source) -> NoReturn:
    if error.fault is Fault.SECOND_FACTOR:
        sentence = (
            "Bluesky asks for a second factor, so token is the account's own password; put an app password there "
            f"instead (made at {PASSWORDS})"
        )
    elif error.fault is Fault.ACCOUNT_GONE:
        sentence = f"the account {source.user} is suspended or deactivated; sign in with another as user and token"
    elif error.status in _REFUSED:
        sentence = f"Bluesky does not accept user and token; make a new app password at {PASSWORDS} and put it there"
    else:
        raise error
    raise XrpcError(sentence, error, error.fault) from error


def _refuse(error: XrpcError, source: Source) -> NoReturn:
    if error.status in {_UNAUTHORISED, _FORBIDDEN}:
        raise XrpcError(
            f"Bluesky does not let the account {source.user} search ({error.status}); sign in to it on bsky.app to see "
            f"whether it is restricted, or give another as user and token",
            error,
            error.fault,
        ) from error
    raise error
