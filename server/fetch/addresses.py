"""Which IP addresses the server may connect to on behalf of somebody: public ones only.

The rules are those of the IANA special-purpose registries (RFC 6890 and its updates) rather than of
`ipaddress.is_global`: that changed between patch releases of Python 3.11, and calls some addresses global that
lead elsewhere, such as those of NAT64 (RFC 6052) and 6to4 (RFC 3056), which hold an IPv4 address.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network (RFC 791)
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  # private (RFC 1918)
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598)
        "127.0.0.0/8",  # loopback (RFC 1122)
        "169.254.0.0/16",  # link-local, and the metadata services of clouds (RFC 3927)
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",  # documentation (RFC 5737)
        "192.31.196.0/24", "192.175.48.0/24",  # AS112 (RFC 7535, 7534)
        "192.52.193.0/24",  # AMT (RFC 7450)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "198.18.0.0/15",  # benchmarks (RFC 2544)
        "224.0.0.0/4",  # multicast (RFC 5771)
        "240.0.0.0/4",  # reserved, and broadcast (RFC 1112, 919)
    )
)
_GLOBAL_UNICAST_6 = IPv6Network("2000::/3")
"""All that IANA assigns (RFC 4291 §2.4). Outside are ::, ::1, IPv4-mapped and -compatible, NAT64 (64:ff9b::/96
and 64:ff9b:1::/48), discard-only, SRv6 SIDs, unique-local, link-local, site-local and multicast addresses."""
_NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID, AMT (RFC 2928, 4380, 5180, 7343, 7450)
        "2001:db8::/32", "3fff::/20",  # documentation (RFC 3849, 9637)
        "2002::/16",  # 6to4: holds an IPv4 address (RFC 3056)
        "2620:4f:8000::/48",  # AS112 (RFC 7534)
    )
)
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
"""The middle of an interface identifier that holds an IPv4 address (RFC 5214 §6.1)."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public Internet. False for anything that is no address."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return _public_4(found) if isinstance(found, IPv4Address) else _public_6(found)


def _public_4(address: IPv4Address) -> bool:
    return not any(address in network for network in _NOT_PUBLIC_4) and address.is_global


def _public_6(address: IPv6Address) -> bool:
    if address.scope_id is not None or address not in _GLOBAL_UNICAST_6:
        return False
    if any(address in network for network in _NOT_PUBLIC_6) or not address.is_global:
        return False
    return int(address) >> 32 & 0xFFFF_FFFF not in _ISATAP
