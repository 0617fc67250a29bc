"""Signed tokens in forms that everybody may send: when the form was shown, for what, and once. Keeps nothing.

A token stands for no session: it needs no cookie, and says nothing of whom the form was shown to.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

TOO_QUICK: Final = timedelta(seconds=3)
TOO_OLD: Final = timedelta(hours=12)
MILLISECOND: Final = timedelta(milliseconds=1)
DIGITS: Final = 15  # of milliseconds since 1970: enough for 31,000 years


class Standing(StrEnum):
    """What a token that comes back is worth."""

    GOOD = "good"
    QUICK = "quick"  # ours, but no person fills in a form that fast
    STRANGE = "strange"  # none of ours, too old, or of a form that has changed since


def issue_token(secret: bytes, subject: tuple[str, ...], now: datetime) -> str:
    """A token for a form about `subject`: all that must still be the same when it comes back."""
    issued, nonce = str(round(now.timestamp() * 1000)), secrets.token_urlsafe(12)
    return f"{issued}.{nonce}.{_sign(secret, subject, issued, nonce)}"


def judge_token(secret: bytes, subject: tuple[str, ...], token: str, now: datetime) -> Standing:
    """What that token is worth now, whatever text it is."""
    issued, nonce, signature = (*token.split("."), "", "", "")[:3]
    expected = _sign(secret, subject, issued, nonce)
    is_ours = hmac.compare_digest(signature.encode(errors="backslashreplace"), expected.encode())
    if not is_ours or not issued.isascii() or not issued.isdigit() or len(issued) > DIGITS:
        return Standing.STRANGE
    age = (round(now.timestamp() * 1000) - int(issued)) * MILLISECOND
    if age > TOO_OLD:
        return Standing.STRANGE
    return Standing.QUICK if age < TOO_QUICK else Standing.GOOD


def token_key(token: str, name: str) -> str:
    """What stands for a form where it is kept: the one that is sent twice for the same person has the same.

    Whoever goes back to enter a colleague sends the same token, and is nevertheless somebody else.
    """
    return hashlib.sha256(f"{token}\n{name}".encode(errors="backslashreplace")).hexdigest()


def _sign(secret: bytes, subject: tuple[str, ...], issued: str, nonce: str) -> str:
    signed = json.dumps(["form", subject, issued, nonce]).encode()
    return base64.urlsafe_b64encode(hmac.digest(secret, signed, "sha256")).decode().rstrip("=")
