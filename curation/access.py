"""The door of the editors' room: who asks, may they, and was it really they who meant it. Decides nothing about items.

Every address below /curation is closed unless its handler says who may come in (`require`, `anyone`).
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

from aiohttp import hdrs, web

from aggregator.store.engine import Database
from curation.editors import Role
from curation.forms import read_form
from curation.problems import Handler, Problem, answer_problems, wants_page
from curation.sessions import SESSION_LONGEST, Identity, extend_session, find_session, find_token, next_end

ROOM = "/curation"
SIGN_IN = f"{ROOM}/sign-in"
SESSION_COOKIE = "mpower_session"
VISITOR_COOKIE = "mpower_visitor"
VISITOR = re.compile(r"[A-Za-z0-9_-]{43}")
CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})

POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "; ".join(POLICY),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Denied:
    """Someone who is known asked for what their role does not allow."""

    editor: str
    role: Role
    needed: Role
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Access:
    """What the door needs to do its work. `on_denied` writes the audit row."""

    database: Database
    secret: bytes
    public_url: str
    now: Callable[[], datetime]
    on_denied: Callable[[web.Request, Denied], Awaitable[None]]


ACCESS = web.AppKey("access", Access)
IDENTITY = web.RequestKey("identity", Identity)
_NEEDS = "_curation_needs"
_ANYONE = "anyone"

AnyHandler = TypeVar("AnyHandler", bound=Handler)


def install(app: web.Application, access: Access) -> None:
    """Close the room: put the answers for problems and the door before all else that the application does."""
    app[ACCESS] = access
    app.middlewares.insert(0, guard)
    app.middlewares.insert(0, answer_problems)
    app.on_response_prepare.append(protect_answer)


def require(role: Role) -> Callable[[AnyHandler], AnyHandler]:
    """Let in those whose role covers this one."""

    def mark(handler: AnyHandler) -> AnyHandler:
        setattr(handler, _NEEDS, role)
        return handler

    return mark


def anyone(handler: AnyHandler) -> AnyHandler:
    """Let everyone in: only for signing in and what its page needs."""
    setattr(handler, _NEEDS, _ANYONE)
    return handler


def identity_of(request: web.Request) -> Identity:
    """Who asks. Every handler that is not for `anyone` may rely on it."""
    identity: Identity | None = request.get(IDENTITY)
    if identity is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, "Sign in first.")
    return identity


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through to its handler, or say why not."""
    if not is_in_room(request.path) or request.match_info.http_exception is not None:
        return await handler(request)
    # Whoever forgets to say who may come in has closed the address to all but admins.
    needed = getattr(request.match_info.handler, _NEEDS, Role.ADMIN)
    is_safe = request.method in SAFE_METHODS
    if needed == _ANYONE:
        if not is_safe:
            _refuse_other_sites(request)
            await _refuse_forged(request, _visitor_csrf(request))
        return await handler(request)
    identity = await _identify(request)
    if identity is None:
        return _ask_to_sign_in(request)
    if identity.csrf is not None and not is_safe:
        _refuse_other_sites(request)
        await _refuse_forged(request, identity.csrf)
    if not identity.role.covers(needed):
        denied = Denied(identity.name, identity.role, needed, request.method, request.path)
        await request.config_dict[ACCESS].on_denied(request, denied)
        raise Problem(HTTPStatus.FORBIDDEN, f"This takes the role {needed}; yours is {identity.role}.")
    request[IDENTITY] = identity
    return await handler(request)


async def protect_answer(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on that keep other sites, and text from outside, from doing anything here."""
    if not is_in_room(request.path):
        return
    response.headers.update(HEADERS)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")


def is_in_room(path: str) -> bool:
    """True for the addresses behind this door."""
    return path == ROOM or path.startswith(ROOM + "/")


# Who asks


async def _identify(request: web.Request) -> Identity | None:
    access = request.config_dict[ACCESS]
    scheme, _, bearer = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() == "bearer":
        async with access.database.read() as connection:
            return await find_token(connection, bearer.strip())
    cookie = request.cookies.get(SESSION_COOKIE)
    if not cookie:
        return None
    async with access.database.read() as connection:
        identity = await find_session(connection, cookie, now=access.now())
    end = next_end(identity, access.now()) if identity is not None else None
    if identity is not None and end is not None:
        async with access.database.write() as connection:
            await extend_session(connection, identity.key, end)
    return identity


async def session_of_visitor(request: web.Request) -> Identity | None:
    """The session that a browser already has, where anyone may come in."""
    return await _identify(request) if SESSION_COOKIE in request.cookies else None


def _ask_to_sign_in(request: web.Request) -> web.StreamResponse:
    if wants_page(request) and hdrs.AUTHORIZATION not in request.headers:
        target = request.rel_url.raw_path_qs if request.method == hdrs.METH_GET else f"{ROOM}/"
        raise web.HTTPSeeOther(f"{SIGN_IN}?{urlencode({'next': local_path(target)})}")
    raise Problem(
        HTTPStatus.UNAUTHORIZED,
        "Send a session cookie, or Authorization: Bearer with a token that is in use.",
        headers={"WWW-Authenticate": 'Bearer realm="mPOWER Stream"'},
    )


def local_path(target: str) -> str:
    """The target if it is an address inside this room, else the room's front page. No way leads to another host."""
    front = f"{ROOM}/"
    is_plain = target.isascii() and target.isprintable() and " " not in target and "\\" not in target
    if not is_plain or not target.startswith(front):
        return front
    path = urlsplit(target).path
    return front if "//" in path or "/." in path or path.startswith(SIGN_IN) else target


def address_of(request: web.Request) -> str:
    """Who is at the other end of the connection, for counting. X-Forwarded-For is not looked at: anyone can write it.

    A household has a whole /64 of IPv6, so that counts as one.
    """
    try:
        address = ipaddress.ip_address(request.remote or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address)


# Did they mean it


def _refuse_other_sites(request: web.Request) -> None:
    """The browser itself says where a request comes from (Fetch Metadata, RFC 6454)."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get(hdrs.ORIGIN)
    if site is not None and site not in {"same-origin", "none"}:
        raise Problem(HTTPStatus.FORBIDDEN, "This came from another site.")
    public = urlsplit(request.config_dict[ACCESS].public_url)
    # Behind a proxy the public address is the right one; on one's own machine so is each name that it is called by.
    ours = {f"{public.scheme}://{public.netloc}", f"http://{request.host}", f"https://{request.host}"}
    if origin is not None and origin not in ours:
        raise Problem(HTTPStatus.FORBIDDEN, "This came from another site.")


async def _refuse_forged(request: web.Request, expected: str | None) -> None:
    sent = request.headers.get(CSRF_HEADER) or (await read_form(request)).get(CSRF_FIELD, "")
    is_same = hmac.compare_digest(sent.encode(errors="backslashreplace"), (expected or "").encode())
    if not expected or not is_same:
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "The form's token is missing or no longer right. Go back, load the page again and repeat.",
        )


def _visitor_csrf(request: web.Request) -> str | None:
    """What a form must send that was shown to this browser before anyone signed in (a signed double submit)."""
    visitor = _visitor(request)
    return _sign(request.config_dict[ACCESS], visitor) if visitor else None


def _visitor(request: web.Request) -> str | None:
    """The visitor's cookie, if it is one of ours: it is sent back in a header."""
    visitor = request.cookies.get(VISITOR_COOKIE, "")
    return visitor if VISITOR.fullmatch(visitor) else None


def _sign(access: Access, visitor: str) -> str:
    return hmac.new(access.secret, b"visitor:" + visitor.encode(), hashlib.sha256).hexdigest()


def greet_visitor(request: web.Request) -> tuple[str, Callable[[web.StreamResponse], None]]:
    """The CSRF token for a form before sign-in, and what sets the cookie that belongs to it on the answer."""
    access = request.config_dict[ACCESS]
    visitor = _visitor(request) or secrets.token_urlsafe(32)

    def set_cookie(response: web.StreamResponse) -> None:
        _set_cookie(access, response, VISITOR_COOKIE, visitor, seconds=12 * 3600)

    return _sign(access, visitor), set_cookie


def let_in(request: web.Request, response: web.StreamResponse, secret: str) -> None:
    """Give the browser its new session. The cookie of the time before is done with."""
    access = request.config_dict[ACCESS]
    _set_cookie(access, response, SESSION_COOKIE, secret, seconds=int(SESSION_LONGEST.total_seconds()))
    response.del_cookie(VISITOR_COOKIE, path=ROOM)


def let_out(response: web.StreamResponse) -> None:
    """Take the browser's session cookie away."""
    response.del_cookie(SESSION_COOKIE, path=ROOM)


def _set_cookie(access: Access, response: web.StreamResponse, name: str, value: str, *, seconds: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=ROOM,
        httponly=True,
        samesite="Lax",
        secure=access.public_url.startswith("https:"),
    )
