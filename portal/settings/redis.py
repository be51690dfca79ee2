"""The address of the queue: one Redis server, or the Sentinels that know which of several is the master."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from portal.settings.addresses import SettingError, split_url

SERVER = ("redis://", "rediss://")
SENTINEL = ("redis+sentinel://", "rediss+sentinel://")
SENTINEL_PORT = 26379


@dataclass(frozen=True)
class Sentinels:
    """`redis+sentinel://user:password@host:port,host:port/name/db?sentinel_password=…` in its parts."""

    hosts: tuple[tuple[str, int], ...]
    name: str  # of the master, as the Sentinels have it
    database: int
    username: str | None
    password: str | None = field(repr=False)  # of the Redis servers
    sentinel_password: str | None = field(repr=False)
    tls: bool


def read_redis_url(environ: Mapping[str, str]) -> str:
    """The queue's address, "" if it is a file. Raises SettingError."""
    url = environ.get("PORTAL_REDIS_URL", "").strip()
    if url.startswith(SENTINEL):
        read_sentinels(url)
    elif url and not (url.startswith(SERVER) and split_url(url)):
        raise SettingError(
            "PORTAL_REDIS_URL must begin with redis:// or rediss:// and name a host, or with redis+sentinel:// and name Sentinels."
        )
    return url


def read_sentinels(url: str) -> Sentinels:
    """The parts of an address of Sentinels. Raises SettingError, which repeats no password."""
    scheme, _, rest = url.partition("://")
    rest, _, query = rest.partition("?")
    place, _, path = rest.partition("/")
    who, _, hosts = place.rpartition("@")
    username, _, password = who.partition(":")
    name, _, database = path.partition("/")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if not name or options.keys() - {"sentinel_password"}:
        raise SettingError(
            "PORTAL_REDIS_URL must name the Sentinels and then their master, such as"
            " redis+sentinel://host:26379,host:26379/name/0; its only option is sentinel_password."
        )
    if database and not (database.isascii() and database.isdigit() and len(database) < len("1000")):
        raise SettingError("PORTAL_REDIS_URL must end with the number of a database after the master's name, such as /name/0.")
    return Sentinels(
        hosts=tuple(read_sentinel(each) for each in hosts.split(",")),
        name=unquote(name),
        database=int(database or 0),
        username=unquote(username) or None,
        password=unquote(password) or None,
        sentinel_password=options.get("sentinel_password") or None,
        tls=scheme.startswith("rediss"),
    )


def read_sentinel(place: str) -> tuple[str, int]:
    """One Sentinel's host and port. Raises SettingError."""
    parts = split_url(f"//{place}")
    if parts is None or parts.path or parts.fragment or not parts.hostname:
        raise SettingError(f"PORTAL_REDIS_URL: “{place}” is no Sentinel. Write each as host:port, with commas between them.")
    return parts.hostname, parts.port or SENTINEL_PORT
