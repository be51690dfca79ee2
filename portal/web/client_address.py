"""Who asks, by which scheme and host: the only reader of addresses and of proxies' headers. It runs before Flask."""

import ipaddress
import logging
import re
import string
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

from portal import request_id
from portal.settings.serving import Network

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)
UNKNOWN = "unknown"
FORWARDED = "portal.forwarded"  # in the environment of a request: a trusted proxy has told the client's address
LONGEST = 100  # characters: an IPv6 address with brackets, a zone, and a port has fewer
WRITTEN = re.compile(r"\[(?P<inside>[^]]*)\](:\d{1,5})?|(?P<v4>[\d.]+):\d{1,5}|(?P<bare>.*)")


def read_client_address(text: str) -> str:
    """The address of a client in its shortest form, as every limit, event, session, and email has it.

    Taken off: a port, brackets, a zone, and the `::ffff:` of an IPv4 address written in IPv6. "unknown" for anything else.
    """
    text = text.strip()
    found = WRITTEN.fullmatch(text) if len(text) <= LONGEST else None
    if not found:
        return UNKNOWN
    try:
        address = ipaddress.ip_address((found["inside"] or found["v4"] or found["bare"] or "").partition("%")[0])
    except ValueError:
        return UNKNOWN
    return str(getattr(address, "ipv4_mapped", None) or address)


def is_within(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address, read by read_client_address(), is in one of the networks."""
    return address != UNKNOWN and any(ipaddress.ip_address(address) in network for network in networks)


class ClientAddress:
    """WSGI middleware that leaves a clean REMOTE_ADDR, a lowercase Host, and a query in ASCII.

    With trusted proxies, `X-Forwarded-For`, `-Proto`, and `-Host` replace what the connection says: the value that the outermost
    of them wrote, and only if the connection comes from one of their addresses. `X-Request-ID` is read from there, too, and no other
    header of a proxy.
    """

    def __init__(self, app: "WSGIApplication", hops: int, proxies: tuple[Network, ...]) -> None:
        self.app, self.hops, self.proxies = app, hops, proxies
        self.has_warned = False

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        peer = read_client_address(str(environ.get("REMOTE_ADDR", "")))
        environ["REMOTE_ADDR"] = peer
        if self.hops and self.is_proxy(peer):
            self.believe(environ)
        if "HTTP_HOST" in environ:
            environ["HTTP_HOST"] = environ["HTTP_HOST"].lower()  # names of hosts have no case: RFC 9110 4.2.3
        if not environ.get("QUERY_STRING", "").isascii():  # Flask reads queries as UTF-8, and a raw byte may be anything
            environ["QUERY_STRING"] = quote(environ["QUERY_STRING"].encode("latin-1"), safe=string.printable)
        return self.app(environ, start_response)

    def is_proxy(self, peer: str) -> bool:
        """Whether a peer is one of our proxies. The first one that is not is written to the log."""
        if is_within(peer, self.proxies):
            return True
        if not self.has_warned:
            self.has_warned = True
            log.warning(
                "a request came from %s, which PORTAL_PROXY_ADDRESSES doesn't name: its X-Forwarded headers are not read", peer
            )
        return False

    def believe(self, environ: "WSGIEnvironment") -> None:
        """Take the client's address, the scheme, the host, and the request's number from the outermost proxy, each if it makes sense."""
        if client := self.forwarded(environ, "FOR"):
            environ["REMOTE_ADDR"], environ[FORWARDED] = read_client_address(client), True
        if (scheme := self.forwarded(environ, "PROTO").lower()) in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        if host := self.forwarded(environ, "HOST"):
            environ["HTTP_HOST"] = host
        if number := request_id.read_id(str(environ.get("HTTP_X_REQUEST_ID", ""))):
            environ[request_id.ENVIRON] = number

    def forwarded(self, environ: "WSGIEnvironment", name: str) -> str:
        """What the outermost trusted proxy wrote into a header, "" if fewer wrote than are trusted."""
        values = str(environ.get(f"HTTP_X_FORWARDED_{name}", "")).split(",")
        return values[-self.hops].strip() if len(values) >= self.hops else ""
