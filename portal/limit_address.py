"""The part of a client's address that limits count by. Pure."""

import ipaddress

IPV6_PREFIX = 64  # bits: the smallest network that a provider hands to one customer (RFC 6177), who may use every address in it
UNKNOWN = "unknown"


def limit_address(address: str) -> str:
    """What limits compare (RL-6, SM-5): an IPv4 address whole, the /64 network of an IPv6 address, "unknown" for anything else.

    An IPv4 address inside an IPv6 one (::ffff:192.0.2.1) counts as the IPv4 address, and a zone (%eth0) does not count.
    """
    try:
        read = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return UNKNOWN
    if isinstance(read, ipaddress.IPv4Address):
        return str(read)
    if read.ipv4_mapped is not None:
        return str(read.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(read), IPV6_PREFIX), strict=False))
