"""Addresses: absolute, http(s) only, without tracking, and the key under which two spellings of one page meet.

Nothing here asks the network; whether an address may be fetched is decided where it is fetched. No function raises,
whatever the text.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import quote, unquote

import idna

MAX_URL_LENGTH = 2000
MAX_RAW_LENGTH = 8000
MAX_HOST_LENGTH = 253
MAX_PORT = 65_535
DEFAULT_PORTS = {"http": 80, "https": 443}

# Only names that no site is known to use for content. Missing on purpose: `ref`, `source`, `id`, `lang`, `p`, `s`, `v`.
TRACKING_PREFIXES = (
    "utm_",
    "at_",
    "pk_",
    "mtm_",
    "piwik_",
    "matomo_",
    "hsa_",
    "_hs",
    "__hs",
    "elq",
    "fb_",
    "oly_",
    "ns_",
)
TRACKING_NAMES = frozenset({
    "_branch_match_id", "_ga", "_gl", "_openstat", "ck_subscriber_id", "cmpid", "dclid", "epik", "fbclid",
    "gad_source", "gbraid", "gclid", "gclsrc", "guce_referrer", "guce_referrer_sig", "guccounter",
    "hsctatracking", "igsh", "igshid", "li_fat_id", "mc_cid", "mc_eid", "mc_tc", "mibextid", "mkt_tok",
    "ml_subscriber", "ml_subscriber_hash", "msclkid", "ncid", "rb_clickid", "ref_src", "ref_url", "s_cid",
    "sfnsn", "srsltid", "ttclid", "twclid", "vero_conv", "vero_id", "wbraid", "wickedid", "wt.mc_id", "wt_mc",
    "xtor", "yclid", "ysclid",
})  # fmt: skip

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\-]*):")
_AUTHORITY = re.compile(r"//([^/?#]*)")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_\-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_\-]*[a-z0-9_])?)*")
_PORT = re.compile(r":\d+\Z")
_LINE = re.compile(r"[\t\r\n]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NUMERIC_LABEL = re.compile(r"(?:\d+|0x[0-9a-f]*)")
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_SLASHES = re.compile("/{2,}")
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$", re.IGNORECASE)
_MAIL = re.compile(r"mailto:([^\s<>\"'\\,;:@?&]{1,64}@[\w.\-]{1,253})(?:\?.*)?", re.IGNORECASE | re.DOTALL)
# An address as most are written already: a name of usual letters, no port, and nothing that has to be quoted.
_USUAL = re.compile(
    r"https?://((?:[a-z0-9]++(?:-++[a-z0-9]++)*+\.)++[a-z]{2,24})((?:/[\w%:@!$&'()*+,;=~.\-]*+)*+)"
    r"(?:\?([\w%/:@!$&'()*+,;=~.\-?\[\]]++))?",
    re.ASCII,
)
_EDGES = "".join(map(chr, range(0x21))) + "\x7f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\u200b\u2060\ufeff"
_PATH_SAFE = "%/:@!$&'()*+,;=~"
_QUERY_SAFE = _PATH_SAFE + "?[]"
# Such a text stays as it is, in a path and in a query.
_UNQUOTED = re.compile(r"[\w%/:@!$&'()*+,;=~.\-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Address:
    scheme: str
    authority: str
    path: str
    query: str = ""
    fragment: str = ""

    def __str__(self) -> str:
        query = f"?{self.query}" if self.query else ""
        fragment = f"#{self.fragment}" if self.fragment else ""
        return f"{self.scheme}://{self.authority}{self.path}{query}{fragment}"


def canonical_url(url: str | None, base: str | None = None) -> str | None:
    """The one spelling under which an item's address is kept, or None where it is no http(s) address.

    Made absolute against `base`; credentials, default port, tracking parameters and fragment are gone (a `#!` route
    stays). Scheme, trailing slash and the order of the other parameters stay as given. None also where it would be
    longer than `MAX_URL_LENGTH` characters: half an address is a wrong one.
    """
    if url is None:
        return None
    if _settled(url):
        return url
    address = _parse(url, base)
    if address is None:
        return None
    if not address.fragment.startswith("!"):
        address = replace(address, fragment="")
    return _bounded(address)


def link_target(url: str | None, base: str | None = None) -> str | None:
    """Where a link inside a text may lead: as `canonical_url`, but fragments stay and `mailto:` is allowed."""
    if url is None:
        return None
    if _settled(url):
        return url
    if mail := _MAIL.fullmatch(url.strip()):
        return f"mailto:{quote(mail[1], safe='@+~!$*=', errors='replace')}"
    address = _parse(url, base)
    return None if address is None else _bounded(address)


@lru_cache(maxsize=512)
def url_key(url: str | None) -> str | None:
    """What two addresses of the same page share, or None where `url` is no absolute http(s) address.

    Without scheme, `www.`, trailing slash and index page; parameters in order of their names.
    """
    if url is not None and (usual := _settled(url)):
        host, path, query = usual.groups("")
        fragment = ""
    else:
        address = _parse(canonical_url(url), None)
        if address is None:
            return None
        host, path, query, fragment = address.authority, address.path, address.query, address.fragment
    if host.startswith("www.") and "." in host[4:]:
        host = host[4:]
    path = _one_path(path)
    query = "&".join(sorted(_plain_escapes(query).split("&"))) if query else ""
    fragment = f"#{fragment}" if fragment else ""
    return f"{host}{path}{'?' if query else ''}{query}{fragment}"


def host_name(url: str | None) -> str | None:
    """The host of an address as browsers tell it (`URL.hostname`): without user and port, its letters in Punycode.

    None where `url` is no absolute http(s) address.
    """
    if url is not None and (usual := _settled(url)):
        return usual[1]
    address = _parse(url, None)
    return None if address is None else _PORT.sub("", address.authority)


def _settled(url: str) -> re.Match[str] | None:
    """Host, path and query of an address in which nothing is to be changed, or None where it must be looked into."""
    found = _USUAL.fullmatch(url) if len(url) <= MAX_URL_LENGTH else None
    if found is None or found.end(1) > MAX_HOST_LENGTH or "/." in url or "/%2" in url:
        return None
    query = found[3]
    return found if query is None or _clean_query(query) == query else None


def _one_path(path: str) -> str:
    path = _plain_escapes(path)
    if "//" in path:
        path = _SLASHES.sub("/", path)
    return _INDEX.sub("", path).rstrip("/")


def _plain_escapes(text: str) -> str:
    return _ESCAPE.sub(_shortest_escape, text) if "%" in text else text


def _bounded(address: _Address) -> str | None:
    url = str(address)
    return url if len(url) <= MAX_URL_LENGTH else None


@lru_cache(maxsize=256)
def _parse(url: str | None, base: str | None) -> _Address | None:
    """Read `url` as browsers do (WHATWG URL) in what matters: edges trimmed, line ends dropped, backslash as slash."""
    if url is None or len(url) > MAX_RAW_LENGTH:
        return None
    text = _LINE.sub("", url.strip(_EDGES))
    if not text or text.startswith("#") or _CONTROL.search(text):
        return None
    scheme = _SCHEME.match(text)
    if scheme is None:
        home = None if base is None else _home(base)
        return None if home is None else _relative(text, home)
    name = scheme[1].lower()
    return _absolute(name, text[scheme.end() :]) if name in DEFAULT_PORTS else None


@lru_cache(maxsize=256)
def _home(base: str) -> _Address | None:
    return _parse(base, None)


def _cut(text: str) -> tuple[str, str, str]:
    text, _, fragment = text.partition("#")
    path, _, query = text.partition("?")
    return path.replace("\\", "/"), _clean_query(query), _quote(fragment, _QUERY_SAFE)


def _absolute(scheme: str, rest: str) -> _Address | None:
    path, query, fragment = _cut(rest)
    found = _AUTHORITY.match(path)
    authority = _authority(scheme, found[1]) if found else None
    if found is None or authority is None:
        return None
    return _Address(scheme, authority, _clean_path(path[found.end() :]), query, fragment)


def _relative(text: str, home: _Address) -> _Address | None:
    path, query, fragment = _cut(text)
    if path.startswith("//"):
        return _absolute(home.scheme, text)
    if not path:
        return replace(home, query=query, fragment=fragment)
    if not path.startswith("/"):
        path = (home.path.rpartition("/")[0] or "") + "/" + path
    return _Address(home.scheme, home.authority, _clean_path(path), query, fragment)


def _authority(scheme: str, text: str) -> str | None:
    """Host and port, normalised; credentials are dropped, a host that no browser would accept makes None."""
    text = text.rpartition("@")[2]
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, port = text, ""
    name = _ip6(host) if host.startswith("[") else _host(host)
    if name is None:
        return None
    if not port:
        return name
    if not (port.isascii() and port.isdigit() and len(port) < 10):  # noqa: PLR2004 - longer is out of range anyway
        return None
    number = int(port)
    if not 0 < number <= MAX_PORT:
        return None
    return name if number == DEFAULT_PORTS[scheme] else f"{name}:{number}"


def _ip6(text: str) -> str | None:
    try:
        return f"[{ipaddress.IPv6Address(text[1:-1]).compressed}]" if text.endswith("]") and "%" not in text else None
    except ValueError:
        return None


def _host(text: str) -> str | None:
    host = unquote(text, errors="replace") if "%" in text else text
    if not host or len(host) > MAX_HOST_LENGTH:
        return None
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError, ValueError, IndexError):
            return None
    host = host.lower().removesuffix(".")
    if len(host) > MAX_HOST_LENGTH or not _HOST.fullmatch(host):
        return None
    if _NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            return None
    return host


def _quote(text: str, safe: str) -> str:
    return text if _UNQUOTED.fullmatch(text) else quote(text, safe=safe, errors="replace")


def _clean_path(path: str) -> str:
    quoted = _quote(path, _PATH_SAFE)
    if "/." not in quoted and "/%2" not in quoted:
        return quoted
    kept: list[str] = []
    segments = quoted.split("/")[1:]
    for place, segment in enumerate(segments, start=1):
        plain = segment.replace("%2e", ".").replace("%2E", ".")
        if plain not in {".", ".."}:
            kept.append(segment)
            continue
        if plain == ".." and kept:
            kept.pop()
        if place == len(segments):
            kept.append("")
    return "/" + "/".join(kept)


def _clean_query(query: str) -> str:
    kept = (part for part in query.split("&") if part and not _is_tracking(part.partition("=")[0]))
    return _quote("&".join(kept), _QUERY_SAFE)


def _is_tracking(name: str) -> bool:
    plain = (unquote(name, errors="replace") if "%" in name else name).strip().lower()
    return plain in TRACKING_NAMES or plain.startswith(TRACKING_PREFIXES)


def _shortest_escape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    unreserved = character.isascii() and (character.isalnum() or character in "-._~")
    return character if unreserved else match[0].upper()
