"""Each kind of address that is not of the public Internet, by its registry; and some that are."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from server.fetch.addresses import is_public


def _in_6(prefix: str, address: str) -> str:
    """An IPv6 address that holds an IPv4 address in its last 32 bits."""
    return prefix + address


NOT_PUBLIC = {
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "private": ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"],
    "cgnat": ["100.64.0.0", "100.127.255.255"],
    "link-local": ["169.254.0.1", "169.254.169.254", "fe80::1", "fe80::1%eth0", "febf::1"],
    "assignments": ["192.0.0.1", "192.0.0.8", "192.0.0.170", "192.0.0.255", "192.52.193.1"],
    "as112": ["192.31.196.1", "192.175.48.6", "2001:4:112::1", "2620:4f:8000::1"],
    "documentation": ["192.0.2.1", "198.51.100.7", "203.0.113.255", "2001:db8::1", "3fff::1", "3fff:fff::1"],
    "benchmark": ["198.18.0.1", "198.19.255.255", "2001:2::1"],
    "6to4": ["192.88.99.1", "2002::1", "2002:7f00:1::1", "2002:808:808::8.8.8.8"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.254", "255.255.255.255", "4000::1", "8000::1", "e000::1"],
    "mapped": [_in_6("::ffff:", a) for a in ("127.0.0.1", "10.0.0.1", "8.8.8.8")],
    "compatible": [_in_6("::", a) for a in ("127.0.0.1", "8.8.8.8")],
    "translated": [_in_6("::ffff:0:", a) for a in ("127.0.0.1", "8.8.8.8")],
    "nat64": [_in_6("64:ff9b::", a) for a in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "8.8.8.8")],
    "nat64-local": ["64:ff9b:1::1", "64:ff9b:1:ffff::10.0.0.1", "64:ff9b:1:abcd:0:5431:a00:1"],
    "teredo": ["2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    "orchid": ["2001:10::1", "2001:20::1"],
    "amt": ["2001:3::1"],
    "discard": ["100::1", "100:0:0:1::1"],
    "segment-routing": ["5f00::1"],
    "unique-local": ["fc00::1", "fd00::1", "fdff:ffff::1"],
    "site-local": ["fec0::1", "feff::1"],
    "isatap": ["2a00:1450:4001:82a:0:5efe:a00:1", "2a00:1450:4001:82a:200:5efe:7f00:1"],
    "no address": ["", "localhost", "127.1", "0x7f.0.0.1", "2130706433", "1.2.3.4.5", "[::1]", "::g"],
}
PUBLIC = [
    "8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
    "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255",
    "192.0.1.0", "192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0",
    "198.17.255.255", "198.20.0.0", "198.51.101.0", "203.0.114.0", "223.255.255.255", "2606:4700::1111",
    "2a00:1450:4001:82a::200e",
    "2001:200::1", "2001:4860:4860::8888", "2003::1", "2620:4f:7fff::1", "3ffe:ffff::1", "2001:db7:ffff::1",
]


@pytest.mark.parametrize(("kind", "address"), [(k, a) for k, found in NOT_PUBLIC.items() for a in found])
def test_an_address_that_is_not_public_is_refused(kind: str, address: str) -> None:
    assert not is_public(address), kind


@pytest.mark.parametrize("address", PUBLIC)
def test_the_neighbours_of_such_networks_and_real_hosts_are_public(address: str) -> None:
    assert is_public(address)


def test_no_ipv4_address_is_public_in_a_form_that_hides_it() -> None:
    for address in ("127.0.0.1", "8.8.8.8"):
        number = int(IPv4Address(address))
        hidden = (
            f"::ffff:{address}", f"::{address}", f"64:ff9b::{address}", f"::ffff:0:{address}",
            f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1",
            f"2001:0:{number >> 16:x}:{number & 0xFFFF:x}::1",
            f"2001:0:1:2:3:4:{~number >> 16 & 0xFFFF:x}:{~number & 0xFFFF:x}",
        )
        assert [form for form in hidden if is_public(form)] == []
