"""Reads where the pages are served, under which address, and behind which proxies."""

import ipaddress
import os
import re
import tempfile
from collections.abc import Mapping
from urllib.parse import urlsplit

from portal.settings import config
from portal.settings.addresses import SettingError, in_url, is_loopback_host, read_number, split_url

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MEMORY = "/dev/shm"  # noqa: S108 a folder in memory, where Linux has one
PROXIES_ON_LOOPBACK = "127.0.0.0/8,::1"
MAPPED_BITS = 96  # of an IPv6 address, in front of the IPv4 address that it maps
DEFAULT_PORTS = {"http": 80, "https": 443}
HOST_NAME = re.compile(r"[a-z\d._-]+|[a-f\d:.]+", re.ASCII)  # or an IPv6 address, which urlsplit() takes in brackets only


def read_host(environ: Mapping[str, str]) -> str:
    """The address that the pages are served at, without brackets."""
    return environ.get("HOST", "").strip("[]") or "127.0.0.1"


def read_port(environ: Mapping[str, str]) -> int:
    """The port that the pages are served at."""
    return read_number(environ, "PORT", 5000, 1, 65535)


def find_heartbeat_folder() -> str | None:
    """Where gunicorn's processes show that they are alive, which must not wait for a disk: None is the folder for temporary files."""
    if os.access(MEMORY, os.W_OK):
        return MEMORY
    try:
        tempfile.gettempdir()  # writes a file, to see
    except OSError as error:
        raise SettingError(
            "TMPDIR: no folder for temporary files can be written to, neither /dev/shm nor /tmp. Mount one, of a megabyte."
        ) from error
    return None


def read_base_url(environ: Mapping[str, str]) -> str:
    """The address people use, as browsers write an origin. Without the setting, the one that HOST and PORT bind on loopback."""
    bound = read_host(environ)
    own = f"http://{in_url(bound if is_loopback_host(bound) else '127.0.0.1')}:{read_port(environ)}"
    url = environ.get("PORTAL_BASE_URL", own).rstrip("/")
    parts = split_url(url)
    if parts is None or parts.scheme not in ("http", "https") or "@" in parts.netloc or parts.query or parts.fragment:
        raise SettingError("PORTAL_BASE_URL must be an address such as https://portal.example.")
    host, number = parts.hostname or "", parts.port
    if not HOST_NAME.fullmatch(host):
        raise SettingError("PORTAL_BASE_URL must name its host as browsers send it: in ASCII (xn--…), without spaces and signs.")
    if parts.scheme == "http" and not is_loopback_host(host):
        raise SettingError("PORTAL_BASE_URL must begin with https:// except on loopback.")
    if parts.path:
        raise SettingError(f"PORTAL_BASE_URL ends with {parts.path}. The portal needs a host of its own: leave the path out.")
    own_port = "" if number in (None, DEFAULT_PORTS[parts.scheme]) else f":{number}"  # as browsers write an origin
    return f"{parts.scheme}://{in_url(host)}{own_port}"


def check_exposure(environ: Mapping[str, str], base_url: str, test_bench: bool) -> None:
    """Refuse what would be open to others: pages over plain HTTP, the test bench, or what Flask shows while debugging."""
    host, is_own = read_host(environ), is_loopback_host(urlsplit(base_url).hostname or "")
    if base_url.startswith("http://") and not is_loopback_host(host):
        raise SettingError(
            "HOST is open to others over plain HTTP. Set PORTAL_BASE_URL to the https:// address, or serve on 127.0.0.1."
        )
    if test_bench and not (is_own and is_loopback_host(host)):
        raise SettingError(
            "PORTAL_TEST_BENCH shows codes to everyone, so it is allowed on loopback only. Unset it, or serve on 127.0.0.1."
        )
    if not is_own and environ.get("FLASK_DEBUG", "").lower() not in ("", "0", "false", "no"):  # as Flask reads it
        raise SettingError("FLASK_DEBUG shows code and values to everyone, so it is allowed on loopback only. Unset it.")


def read_trusted_proxies(environ: Mapping[str, str], base_url: str) -> int:
    """How many proxies are in front. Over HTTPS nothing is assumed: limits by address need the right number."""
    if base_url.startswith("https://") and not environ.get("PORTAL_TRUSTED_PROXIES"):
        raise SettingError(
            "PORTAL_TRUSTED_PROXIES is missing. Set how many proxies are in front of the portal, from 1; 0 if there is none."
        )
    return read_number(environ, "PORTAL_TRUSTED_PROXIES", 0, 0, config.PROXIES_MAX)


def read_proxy_addresses(environ: Mapping[str, str]) -> tuple[Network, ...]:
    """Where trusted proxies connect from. Nobody else's X-Forwarded headers are read."""
    words = (environ.get("PORTAL_PROXY_ADDRESSES") or PROXIES_ON_LOOPBACK).replace(",", " ").split()
    try:
        networks = tuple(read_network(word) for word in words)
    except ValueError:
        networks = ()
    if not networks:
        raise SettingError("PORTAL_PROXY_ADDRESSES must be a list of addresses or networks such as 10.0.0.5,10.1.0.0/24.")
    return networks


def read_network(word: str) -> Network:
    """A network as portal/web/client_address.py compares it: without a zone, and IPv4 as IPv4. Raises ValueError."""
    address, slash, bits = word.partition("/")
    network = ipaddress.ip_network(address.partition("%")[0] + slash + bits)
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < MAPPED_BITS:
        return network
    return ipaddress.IPv4Network((mapped, network.prefixlen - MAPPED_BITS))
