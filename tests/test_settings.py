"""The environment's settings: checked before anything opens, and documented every one."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from aggregator.errors import SettingsError
from aggregator.settings import read_secret, read_settings


def test_nothing_needs_to_be_set() -> None:
    settings = read_settings({})
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MPOWER_PORT", "eighty"),
        ("MPOWER_PORT", "-1"),
        ("MPOWER_PORT", "70000"),
        ("MPOWER_PUBLIC_URL", "stream.example.org"),
        ("MPOWER_PUBLIC_URL", "http://[::1"),
        ("MPOWER_PUBLIC_URL", "https://stream.example.org/?a=b"),
        ("MPOWER_LEASE_SECONDS", "0"),
        ("MPOWER_LOG", "loud"),
        ("MPOWER_LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({name: value})


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret"
    secret = read_secret(path)
    assert len(secret) == 32
    assert read_secret(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "not hexadecimal", "abcd"])
def test_a_damaged_secret_is_refused_with_the_cure(tmp_path: Path, text: str) -> None:
    (tmp_path / "secret").write_text(text)
    with pytest.raises(SettingsError, match="delete it to have one made"):
        read_secret(tmp_path / "secret")


def test_every_setting_stands_in_the_readme() -> None:
    root = Path(__file__).parents[1]
    code = "".join(path.read_text() for path in (root / "aggregator").rglob("*.py"))
    readme = (root / "README.md").read_text()
    for name in set(re.findall(r"MPOWER_[A-Z_]+", code)):
        assert f"`{name}`" in readme, name
