"""Which addresses may be reached, and how an operator opens more."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.addresses import PUBLIC_PORTS, Allowed, is_public
from aggregator.errors import SettingsError

PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "198.20.0.1",
]


def carriers(address: str) -> dict[str, str]:
    """The IPv6 addresses that carry this IPv4 address, by the name of the mechanism."""
    number = int(IPv4Address(address))
    google = int(IPv4Address("8.8.8.8"))
    return {
        "mapped": f"::ffff:{address}",
        "nat64": str(IPv6Address((0x0064_FF9B << 96) | number)),
        "6to4": str(IPv6Address((0x2002 << 112) | (number << 80) | 1)),
        "teredo client": str(IPv6Address((0x2001_0000 << 96) | (google << 64) | (number ^ 0xFFFF_FFFF))),
        "teredo server": str(IPv6Address((0x2001_0000 << 96) | (number << 64) | (google ^ 0xFFFF_FFFF))),
        "isatap": str(IPv6Address((0x2A00_1450 << 96) | (0x5EFE << 32) | number)),
        "isatap, global bit": str(IPv6Address((0x2A00_1450 << 96) | (0x0200_5EFE << 32) | number)),
    }


@pytest.mark.parametrize("address", PRIVATE)
def test_private_and_special_ipv4_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_ordinary_ipv4_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "::",
        "::1",
        "::1%eth0",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:0:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "64:ff9b:1::808:808",
        "100::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2620:4f:8000::1",
        "3ffe::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%lo",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "4000::1",
    ],
)
def test_private_and_special_ipv6_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450:4009::200e"])
def test_ordinary_ipv6_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("carried", PRIVATE)
def test_an_ipv6_address_that_carries_a_private_one_is_not_public(carried: str) -> None:
    assert [name for name, address in carriers(carried).items() if is_public(address)] == []


@pytest.mark.parametrize("carried", PUBLIC)
def test_an_ipv6_address_that_carries_a_public_one_is_public(carried: str) -> None:
    assert [name for name, address in carriers(carried).items() if not is_public(address)] == []


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.1", "0x7f.0.0.1", "2130706433", "127.0.0.1.", "１２７.0.0.1", "[::1]"]
)
def test_what_is_no_plain_address_is_not_public(text: str) -> None:
    assert not is_public(text)
    assert not Allowed.parse("127.0.0.1").permits(text, 80)


@given(st.ip_addresses())
def test_only_what_is_public_is_permitted_and_only_at_the_webs_ports(address: IPv4Address | IPv6Address) -> None:
    nothing_more = Allowed()
    assert not nothing_more.permits(str(address), 22)
    assert all(nothing_more.permits(str(address), port) == is_public(address) for port in PUBLIC_PORTS)


def test_an_address_with_a_port_opens_that_port_alone() -> None:
    allowed = Allowed.parse("127.0.0.2:9000")
    assert allowed.permits("127.0.0.2", 9000)
    assert not allowed.permits("127.0.0.2", 80)
    assert not allowed.permits("127.0.0.1", 9000)
    assert not allowed.permits("::ffff:127.0.0.2", 9000)


def test_an_address_without_a_port_opens_every_port_of_it_alone() -> None:
    allowed = Allowed.parse(" 127.0.0.2 , ::1 ")
    assert allowed.permits("127.0.0.2", 22)
    assert allowed.permits("::1", 5432)
    assert not allowed.permits("127.0.0.3", 80)


def test_a_block_opens_every_address_in_it() -> None:
    allowed = Allowed.parse("10.1.0.0/16,fd00:1::/32")
    assert allowed.permits("10.1.255.255", 8000)
    assert allowed.permits("fd00:1::5", 8000)
    assert not allowed.permits("10.2.0.0", 8000)
    assert not allowed.permits("fd00:2::5", 8000)


def test_an_ipv6_address_takes_its_port_behind_brackets() -> None:
    allowed = Allowed.parse("[::1]:8080,[fd00::1]")
    assert allowed.permits("::1", 8080)
    assert not allowed.permits("::1", 8081)
    assert allowed.permits("fd00::1", 1)


@pytest.mark.parametrize("text", ["", " ", ",", " , ,"])
def test_an_empty_setting_opens_nothing(text: str) -> None:
    assert Allowed.parse(text) == Allowed()


@pytest.mark.parametrize(
    ("part", "cure"),
    [
        ("localhost:8080", "not a name"),
        ("intranet.example", "not a name"),
        ("127.0.0.2:", "1 to 65535"),
        ("127.0.0.2:0", "1 to 65535"),
        ("127.0.0.2:65536", "1 to 65535"),
        ("127.0.0.2:http", "1 to 65535"),
        ("127.0.0.2:²", "1 to 65535"),
        ("10.1.2.3/16", "10.1.0.0/16"),
        ("10.0.0.0/8:80", "leave the port out"),
        ("10.0.0.0/33", "not a name"),
        ("[::1", "[fd00::1]:8080"),
        ("[::1]8080", "[fd00::1]:8080"),
        ("http://127.0.0.2", "1 to 65535"),
        ("*", "not a name"),
    ],
)
def test_a_part_that_cannot_be_read_is_named_with_its_cure(part: str, cure: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Allowed.parse(f"127.0.0.2:80,{part}")
    assert "MPOWER_ALLOW_PRIVATE" in str(caught.value)
    assert f"“{part}”" in str(caught.value)
    assert cure in str(caught.value)
