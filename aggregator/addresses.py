"""Says whether an address may be reached at all; opens nothing and asks no name server."""

from __future__ import annotations

import functools
import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING

from yarl import URL

from aggregator.errors import FetchError, RefusedError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

SETTING = "MPOWER_ALLOW_PRIVATE"
PUBLIC_PORTS = frozenset({80, 443, 8080, 8443})
MAIL_PORTS = frozenset({143, 993})
WEB = ("http", "https")
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "imap": 143, "imaps": 993, "webcal": 443}

# Written out, not asked of `ipaddress.is_global`, whose answer differs between versions of Python and is True for
# multicast, 192.88.99.1 and most IPv6 addresses that hold a private IPv4 one.
# https://www.iana.org/assignments/iana-ipv4-special-registry
_REFUSED_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # a public number, but inside Azure it is the machine's own control service
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
# https://www.iana.org/assignments/iana-ipv6-special-registry
_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3ffe::/16", "3fff::/20")
)
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_ISATAP_INTERFACES = frozenset({0x0000_5EFE, 0x0200_5EFE})

# Each address is judged several times a request, and the same ones are asked again and again.
REMEMBERED = 4_096
LONGEST_ADDRESS = 45  # an IPv6 address that ends in an IPv4 one, all digits written out

_NOT_IN_A_URL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NO_ADDRESS = "this is not an address of the web"
_HOST_NAME = re.compile(r"[a-z0-9_-]([a-z0-9._-]*[a-z0-9_-])?\.?", re.IGNORECASE)


def is_numeric(host: str) -> bool:
    """Whether a host is given as an address and not as a name."""
    return ":" in host or host.replace(".", "").isdigit()


def is_public(address: str | IPv4Address | IPv6Address) -> bool:
    """Whether the address belongs to the public internet, as one machine there.

    An IPv6 address that carries an IPv4 one (mapped, NAT64, 6to4, Teredo, ISATAP) is public only if that one is.
    IPv4-compatible addresses (`::a.b.c.d`) and a network's own NAT64 (64:ff9b:1::/48, RFC 8215) never are: what they
    lead to cannot be told from here. What is no address at all is not public.
    """
    parsed = _parsed(address)
    return parsed is not None and _is_public(parsed)


@functools.lru_cache(REMEMBERED)
def _is_public(parsed: IPv4Address | IPv6Address) -> bool:
    if isinstance(parsed, IPv4Address):
        return not any(parsed in block for block in _REFUSED_V4)
    inside = _inside(parsed)
    if not all(is_public(carried) for carried in inside):
        return False
    if any(parsed in block for block in (_MAPPED, _NAT64, _TEREDO)):
        return True
    return parsed in _GLOBAL_UNICAST_V6 and not any(parsed in block for block in _REFUSED_V6)


def _parsed(address: str | IPv4Address | IPv6Address) -> IPv4Address | IPv6Address | None:
    # A zone id (`fe80::1%eth0`) says which cable, not which address.
    text = str(address).partition("%")[0]
    return _read(text) if len(text) <= LONGEST_ADDRESS else None


@functools.lru_cache(REMEMBERED)
def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _inside(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that an IPv6 address of a transition mechanism carries."""
    number = int(address)
    if address in _MAPPED or address in _NAT64:
        return (IPv4Address(number & 0xFFFF_FFFF),)
    if address in _SIX_TO_FOUR:
        return (IPv4Address(number >> 80 & 0xFFFF_FFFF),)
    if address in _TEREDO:  # RFC 4380: the server, and the client with every bit turned over
        return (IPv4Address(number >> 64 & 0xFFFF_FFFF), IPv4Address(~number & 0xFFFF_FFFF))
    if number >> 32 & 0xFFFF_FFFF in _ISATAP_INTERFACES:  # RFC 5214
        return (IPv4Address(number & 0xFFFF_FFFF),)
    return ()


@dataclass(frozen=True, slots=True)
class Opening:
    """One thing that the operator allows: a block of addresses (often a single one) at one port, or at any."""

    block: IPv4Network | IPv6Network
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be reached: the public internet at the web's ports, and the operator's openings."""

    openings: tuple[Opening, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Allowed:
        """Read MPOWER_ALLOW_PRIVATE: a comma list of `address`, `address:port`, `[v6]:port` and `address/bits`.

        SettingsError names the part that cannot be read and what to write instead.
        """
        return cls(tuple(_opening(part.strip()) for part in text.split(",") if part.strip()))

    def permits(self, address: str, port: int, ports: Collection[int] = PUBLIC_PORTS) -> bool:
        """Whether a connection to this address (not a name) at this port may be opened.

        `ports` are those that may be reached anywhere on the public internet.
        """
        parsed = _parsed(address)
        if parsed is None:
            return False
        if any(parsed in opening.block and opening.port in (None, port) for opening in self.openings):
            return True
        return port in ports and is_public(parsed)


def _opening(part: str) -> Opening:
    host, port = part, None
    if part.startswith("["):
        host, closed, after = part[1:].partition("]")
        if not closed or (after and not after.startswith(":")):
            raise _unreadable(part, "write an IPv6 address with a port as [fd00::1]:8080")
        port = _port(part, after[1:]) if after else None
    elif part.count(":") == 1:
        host, _, digits = part.partition(":")
        port = _port(part, digits)
    if "/" in host and port is not None:
        raise _unreadable(part, "a block of addresses is allowed at every port: leave the port out")
    try:
        return Opening(ipaddress.ip_network(host), port)
    except ValueError:
        pass
    try:
        block = ipaddress.ip_network(host, strict=False)
    except ValueError:
        raise _unreadable(part, "write a numeric address, not a name: 127.0.0.2:8080 or 10.1.0.0/16") from None
    raise _unreadable(part, f"a block begins at its first address: {block}")


def _port(part: str, digits: str) -> int:
    if digits.isascii() and digits.isdigit() and len(digits) <= 5 and 1 <= int(digits) <= 65535:  # noqa: PLR2004
        return int(digits)
    raise _unreadable(part, "a port is a number from 1 to 65535")


def _unreadable(part: str, cure: str) -> SettingsError:
    return SettingsError(f"{SETTING}: “{part}” cannot be read; {cure}")


def web_address(text: str) -> URL:
    """Read and normalise an address, without its fragment: what is checked and what is connected to are one thing.

    Host names come out as ASCII (IDNA; full-width digits and dots become plain ones). FetchError for what is none.
    """
    text = text.strip()
    try:
        if not _NOT_IN_A_URL.search(text):
            return URL(text).with_fragment(None)
    except ValueError:
        pass
    raise FetchError(_NO_ADDRESS)


def shown_host(url: URL) -> str:
    """What a message may say of an address: never its user, path or query, where secrets are."""
    host = (url.raw_host or "?")[:100]
    shown = f"[{host}]" if ":" in host else host
    return shown if url.explicit_port in (None, _PORTS.get(url.scheme)) else f"{shown}:{url.port}"


def port_of(url: URL) -> int:
    """The port that the address names, or else its scheme's own; 0 where there is none."""
    return url.explicit_port or _PORTS.get(url.scheme, 0)


def ports_for(url: URL) -> Collection[int]:
    """The ports that an address of this scheme may name on the public internet."""
    return MAIL_PORTS if url.scheme in ("imap", "imaps") else PUBLIC_PORTS


def check(url: URL, allowed: Allowed, schemes: Collection[str] = WEB) -> None:
    """Raise RefusedError for an address that is never fetched, FetchError for one that cannot be.

    A host given as a name is not judged here, but where the addresses are that it stands for.
    """
    if not url.scheme:
        raise FetchError(_NO_ADDRESS)
    if url.scheme not in schemes:
        only = " and ".join(schemes)
        raise RefusedError(f"an address that begins with “{url.scheme[:20]}:”", f"only {only} are")
    if url.user is not None or url.password is not None:
        raise RefusedError(
            f"an address with a user name or a password in it ({shown_host(url)})", "an address is shown to editors",
            "So leave them out",
        )  # fmt: skip
    host, port, ports = url.raw_host or "", port_of(url), ports_for(url)
    names_no_name = is_numeric(host)
    # A zone id picks a network card of ours, which nobody outside has a say in.
    if "%" in host or not (_parsed(host) if names_no_name else _HOST_NAME.fullmatch(host)):
        raise FetchError(f"{_NO_ADDRESS}: it names no host that could be asked")
    if names_no_name and not allowed.permits(host, port, ports):
        raise refusal(host, [host], port, ports)


def refusal(host: str, addresses: Sequence[str], port: int, ports: Collection[int] = PUBLIC_PORTS) -> RefusedError:
    """The error for a host none of whose addresses (at least one) is permitted at this port, with the cure."""
    address = addresses[0]
    where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    asked = where if host == address else f"{host} ({where})"
    usual = ", ".join(str(public) for public in sorted(ports))
    why = f"its port is none of {usual}" if is_public(address) else "it is not on the public internet"
    return RefusedError(asked, why, f"An operator may allow it with {SETTING}={where}")
