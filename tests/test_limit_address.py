"""Limits compare IPv4 addresses whole and IPv6 addresses by their /64 network."""

import pytest

from portal.flows.sign_in.new_browser import is_same_network
from portal.limit_address import limit_address


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.10", "203.0.113.10"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:cb00:7109", "203.0.113.9"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("unknown", "unknown"),
        ("", "unknown"),
        ("203.0.113.9:50211", "unknown"),
        ("203.0.113.09", "unknown"),
        ("203.0.113", "unknown"),
        ("0x7f000001", "unknown"),
        ("２０３.0.113.9", "unknown"),
        ("2001:db8::1::2", "unknown"),
        ("1" * 10_000, "unknown"),
        ("1" * 10_000 + "%" + "1" * 10_000, "unknown"),
        ("\0", "unknown"),
    ],
)
def test_an_address_counts_by_its_network(address, counted):
    assert limit_address(address) == counted


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("203.0.113.9", "::ffff:203.0.113.9", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::1", True),
        ("203.0.113.9", "203.0.113.10", False),
        ("203.0.113.9", "unknown", False),
        ("unknown", "unknown", False),
        ("", "", False),
    ],
)
def test_two_addresses_are_of_one_network_if_both_are_known(one, other, is_same):
    """Behind a proxy that tells nobody's address, everybody's is unknown, a thief's as well: that confirms no sign-in."""
    assert is_same_network(one, other) == is_same_network(other, one) == is_same
