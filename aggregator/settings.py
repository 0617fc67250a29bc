"""The environment's settings, read once by whoever starts the program and checked before anything opens."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from yarl import URL

from aggregator.errors import SettingsError

DEFAULT_DATABASE = "sqlite+aiosqlite:///var/mpower.db"
LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Settings:
    """Every `MPOWER_…` setting, with its default. See README.md for what each means."""

    database_url: str = DEFAULT_DATABASE
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://127.0.0.1:8000"
    secret_file: Path = Path("var/secret")
    media_dir: Path = Path("var/media")
    allow_private: str = ""
    log_level: str = "info"
    log_json: bool = False
    lease: timedelta = timedelta(seconds=120)
    sources: Path = Path("sources.toml")
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)  # where sources.toml's secrets are


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Check the environment. Raises SettingsError that names the variable and the cure."""
    host = environment.get("MPOWER_HOST", "127.0.0.1")
    port = _port(environment.get("MPOWER_PORT", "8000"))
    level = environment.get("MPOWER_LOG", "info").lower()
    if level not in LEVELS:
        raise SettingsError(f"MPOWER_LOG is {level!r}: use one of {', '.join(LEVELS)}")
    log_format = environment.get("MPOWER_LOG_FORMAT", "text").lower()
    if log_format not in {"text", "json"}:
        raise SettingsError(f"MPOWER_LOG_FORMAT is {log_format!r}: use text or json")
    return Settings(
        database_url=environment.get("MPOWER_DATABASE_URL", DEFAULT_DATABASE),
        host=host,
        port=port,
        public_url=_public_url(environment.get("MPOWER_PUBLIC_URL") or local_url(host, port)),
        secret_file=Path(environment.get("MPOWER_SECRET_FILE", "var/secret")),
        media_dir=Path(environment.get("MPOWER_MEDIA_DIR", "var/media")),
        allow_private=environment.get("MPOWER_ALLOW_PRIVATE", ""),
        log_level=level,
        log_json=log_format == "json",
        environment=dict(environment),
        lease=_lease(environment.get("MPOWER_LEASE_SECONDS", "120")),
    )


def local_url(host: str, port: int) -> str:
    """The address under which a browser on this machine reaches that host and port."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{name}:{port}"


def read_secret(path: Path) -> bytes:
    """The program's secret: 32 bytes, made on first use with mode 0600. Raises SettingsError where it cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32))
        secret = bytes.fromhex(path.read_text().strip())
    except OSError as error:
        raise SettingsError(f"MPOWER_SECRET_FILE {path} cannot be used: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(
            f"MPOWER_SECRET_FILE {path} holds no hexadecimal secret: delete it to have one made"
        ) from error
    if len(secret) < 32:  # noqa: PLR2004
        raise SettingsError(f"MPOWER_SECRET_FILE {path} is too short: delete it to have one made")
    return secret


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:  # noqa: PLR2004
        raise SettingsError(f"MPOWER_PORT is {text!r}: use a number from 0 to 65535 (0 picks a free one)")
    return int(text)


def _lease(text: str) -> timedelta:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 3600:  # noqa: PLR2004
        raise SettingsError(f"MPOWER_LEASE_SECONDS is {text!r}: use a number from 1 to 3600")
    return timedelta(seconds=int(text))


def _public_url(text: str) -> str:
    cure = f"MPOWER_PUBLIC_URL is {text!r}: use an address such as https://stream.example.org"
    try:
        url = URL(text)
    except ValueError as error:
        raise SettingsError(cure) from error
    if url.scheme not in {"http", "https"} or not url.host or url.query_string or url.fragment or url.user:
        raise SettingsError(cure)
    return text.rstrip("/")
