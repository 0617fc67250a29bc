"""Which service an address belongs to. A number or localhost belongs to any: that is how a service is tried out."""

from __future__ import annotations

from urllib.parse import urlsplit


def is_at(url: str, *domains: str) -> bool:
    """Whether the address is at one of the domains or below it, or at a host without a name of the internet."""
    host = _host(url)
    return is_numeric(url) or any(host == domain or host.endswith(f".{domain}") for domain in domains)


def is_numeric(url: str) -> bool:
    """Whether the host is a number or localhost."""
    host = _host(url)
    return ":" in host or host.replace(".", "").isdigit() or host == "localhost"


def origin(url: str, public: str) -> str:
    """Scheme and host for addresses of the service: `public`, or where it is tried out."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if is_numeric(url) else public


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".").lower()
