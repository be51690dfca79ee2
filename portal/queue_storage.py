"""Where the queue's tasks lie: Redis, a file, or memory. Imported by make_huey() of portal/queue.py alone."""

import logging
import sqlite3
from typing import TYPE_CHECKING

from huey import Huey, MemoryHuey, RedisHuey, SqliteHuey
from huey.serializer import SignedSerializer

from portal.settings import config
from portal.settings.addresses import SettingError
from portal.settings.environment import Settings
from portal.settings.redis import SENTINEL, Sentinels, read_sentinels

if TYPE_CHECKING:
    from redis import ConnectionPool

log = logging.getLogger(__name__)
NAME = "portal"


def open_storage(settings: Settings) -> tuple[Huey, bool]:
    """Redis if configured, else a file in the instance folder; and whether other processes reach it.

    No results are kept. Tasks are signed, because they are pickles. Where the folder is neither needed nor writable, the worker's own
    memory: rows then wait for the sweep. Raises SettingError.
    """
    options = {"results": False, "serializer": SignedSerializer(secret=settings.secret_key, salt=NAME)}
    if not settings.redis_url:
        # No fsync: the sweep restores what a power failure loses.
        file = str(settings.instance / "queue.sqlite3")
        try:
            return SqliteHuey(NAME, filename=file, fsync=False, timeout=config.QUEUE_SECONDS, **options), True
        except sqlite3.Error as error:
            if settings.needs_instance:
                raise SettingError(
                    f"PORTAL_INSTANCE: {file} can't be used ({error}). Free some space, or name another folder."
                ) from error
            log.warning(
                "no queue, because PORTAL_INSTANCE can't be written and PORTAL_REDIS_URL is not set: messages wait a minute"
            )
            return MemoryHuey(NAME, **options), False
    return RedisHuey(NAME, connection_pool=make_pool(settings.redis_url), **options), True


def make_pool(url: str) -> "ConnectionPool":
    """The connections to Redis, made on first use. Raises SettingError."""
    # A worker blocks for a second at a time, which must not count as a timeout.
    waits = {"socket_connect_timeout": config.QUEUE_SECONDS, "socket_timeout": config.QUEUE_SECONDS + 1}
    try:
        if url.startswith(SENTINEL):
            return make_sentinel_pool(read_sentinels(url), waits)
        from redis import ConnectionPool

        return ConnectionPool.from_url(url, **waits)
    except ModuleNotFoundError as error:
        raise SettingError("PORTAL_REDIS_URL needs redis. Install the extra redis, or unset it.") from error
    except ValueError as error:
        raise SettingError(f"PORTAL_REDIS_URL has an option that Redis can't read ({error}).") from error


def make_sentinel_pool(to: Sentinels, waits: dict[str, int]) -> "ConnectionPool":
    """The connections to whichever server the Sentinels call the master; they are asked again at each new connection.

    A page waits for all of them together as long as for one Redis. None is tried twice in a row, as redis-py does by itself.
    """
    from redis.backoff import NoBackoff
    from redis.retry import Retry
    from redis.sentinel import Sentinel, SentinelConnectionPool

    once, secure = {"retry": Retry(NoBackoff(), 0)}, {"ssl": True} if to.tls else {}
    share = dict.fromkeys(waits, config.QUEUE_SECONDS / len(to.hosts))
    asked = {**once, **share, **secure, "password": to.sentinel_password}
    sentinels = Sentinel(to.hosts, sentinel_kwargs=asked)  # type: ignore[no-untyped-call]
    login = {"username": to.username, "password": to.password, "db": to.database}
    return SentinelConnectionPool(to.name, sentinels, **once, **waits, **secure, **login)  # type: ignore[no-untyped-call]
