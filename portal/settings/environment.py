"""Reads the settings from the environment and validates them once, at startup."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from portal.languages import NOT_REVIEWED, PSEUDO, SOURCE, is_reviewed, list_languages
from portal.settings import audit, config, postgres
from portal.settings.addresses import (
    SettingError,
    is_loopback_host,
    quote,
    read_mail_from,
    read_number,
    read_number_check_url,
    read_smtp_url,
    read_text_urls,
    unusable_file,
)
from portal.settings.breached import read_breached
from portal.settings.given import read_given
from portal.settings.keys import KeptKeys, read_encryption_keys, read_secret_key
from portal.settings.language_help import LanguageHelp, read_language_help
from portal.settings.provider_methods import read_provider_methods
from portal.settings.redis import read_redis_url
from portal.settings.serving import (
    Network,
    check_exposure,
    read_base_url,
    read_proxy_addresses,
    read_trusted_proxies,
)
from portal.settings.territories import read_countries
from portal.settings.traces import read_traces_url
from portal.settings.watching import read_log, read_observers
from portal.zones import find_zone


@dataclass(frozen=True)
class Settings:
    """The operator's settings, validated at startup."""

    instance: Path
    needs_instance: bool  # whether the folder has to be writable: it holds keys or the database
    database_url: str
    database_connections: int  # maximum per process, PostgreSQL only
    database_pooler: str  # what stands before PostgreSQL: one of postgres.POOLERS
    base_url: str
    secret_key: str
    encryption_keys: tuple[tuple[str, bytes], ...]  # (ID, 32 bytes), newest first
    test_bench: bool
    trusted_proxies: int  # how many proxies in front of the portal write X-Forwarded headers
    proxy_addresses: tuple[Network, ...]  # where the innermost of them connects from
    support_contact: str
    texts: bool  # whether codes are sent by text at all (SM-6)
    passkeys: bool  # whether they are switched on: patients may choose one, and providers where their practice adds them (TO-10)
    provider_methods: tuple[str, ...] | None  # those that providers may use at all; None: every one that isn't restricted (TO-11)
    confirm_new_browsers: str  # who confirms a sign-in in a new browser by another channel: one of CONFIRMING
    text_countries: tuple[str, ...]  # ISO 3166 codes; texts are sent nowhere else (SM-5)
    time_zone: str  # IANA name, where neither a person nor a practice has one
    languages: tuple[str, ...]  # BCP 47 tags of those offered, in the order of the choice
    language_help: LanguageHelp
    trusted_browser_days: int  # 0: not offered
    recovery_promise_days: int  # working days within which support answers a recovery request
    text_urls: tuple[str, ...]  # the text gateway and its fallback; empty: the test bench
    number_check_url: str  # asked before a code is sent to a number (SM-7); "": no check
    smtp_url: str  # "": the test bench
    mail_from: str
    redis_url: str  # "": the queue is a file in the instance folder
    log: str  # how it is written: JSON or TEXT
    observers: tuple[Network, ...]  # where metrics and details about readiness may be read from
    traces_url: str  # where spans are posted to; "": nothing is traced
    audit_anchors: Path | None  # the folder that the head of the audit trail is written to each day
    breached_passwords: Path | None  # a file of hashes that new passwords are compared with
    retention_holds: tuple[str, ...]  # usernames of whom `retention run` deletes nothing

    @cached_property
    def is_loopback(self) -> bool:
        """Whether the portal is served on loopback only, where plain HTTP is allowed."""
        return is_loopback_host(urlsplit(self.base_url).hostname or "")

    @cached_property
    def origins(self) -> tuple[str, ...]:
        """The origins (scheme, host, port) that the portal is served under. Links use the first.

        On loopback this includes "localhost": browsers refuse an IP address as the relying party of passkeys.
        """
        parts = urlsplit(self.base_url)
        port = f":{parts.port}" if parts.port else ""
        origins = (f"{parts.scheme}://{parts.netloc}", *([f"{parts.scheme}://localhost{port}"] if self.is_loopback else []))
        return tuple(dict.fromkeys(origins))

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The hosts that requests may name, lowercase, IPv6 in brackets, without a port."""
        names = {re.sub(r":\d+$", "", origin.partition("://")[2]) for origin in self.origins}
        return frozenset(names | {"localhost", "127.0.0.1"} if self.is_loopback else names)

    @property
    def proxies(self) -> tuple[Network, ...]:
        """The addresses whose X-Forwarded headers are read; none if no proxy is trusted."""
        return self.proxy_addresses if self.trusted_proxies else ()

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from `PORTAL_*`. Raises SettingError for the first invalid one."""
    environ = read_given(environ)
    read_processes(environ)  # gunicorn answers a word with a stack trace, but `make run` begins with a command of ours
    read_switch(environ, "PORTAL_WORKER")
    instance, base_url = read_instance(environ), read_base_url(environ)
    is_loopback = is_loopback_host(urlsplit(base_url).hostname or "")
    test_bench = read_switch(environ, "PORTAL_TEST_BENCH")
    check_exposure(environ, base_url, test_bench)
    database_url = read_database_url(environ, instance)
    stored_keys = KeptKeys(instance, database_url) if is_loopback else None
    return Settings(
        instance=instance,
        needs_instance=not all(map(environ.get, ("PORTAL_DATABASE_URL", "PORTAL_SECRET_KEY", "PORTAL_ENCRYPTION_KEYS"))),
        database_url=database_url,
        database_connections=postgres.read_connections(environ),
        database_pooler=postgres.read_pooler(environ, database_url),
        base_url=base_url,
        secret_key=read_secret_key(environ, stored_keys),
        encryption_keys=read_encryption_keys(environ, stored_keys),
        test_bench=test_bench,
        trusted_proxies=read_trusted_proxies(environ, base_url),
        proxy_addresses=read_proxy_addresses(environ),
        support_contact=read_contact(environ),
        texts=read_switch(environ, "PORTAL_SMS", "1"),
        passkeys=read_switch(environ, "PORTAL_PASSKEYS"),
        provider_methods=read_provider_methods(environ),
        confirm_new_browsers=read_confirming(environ),
        text_countries=read_countries(environ),
        time_zone=read_time_zone(environ),
        languages=read_languages(environ, is_loopback),
        language_help=read_language_help(environ, is_loopback or read_switch(environ, "PORTAL_UNREVIEWED_LANGUAGES")),
        trusted_browser_days=read_trusted_browser_days(environ),
        recovery_promise_days=read_recovery_promise_days(environ),
        text_urls=read_text_urls(environ),
        number_check_url=read_number_check_url(environ),
        smtp_url=read_smtp_url(environ),
        mail_from=read_mail_from(environ, base_url),
        redis_url=read_redis_url(environ),
        log=read_log(environ),
        observers=read_observers(environ),
        traces_url=read_traces_url(environ),
        audit_anchors=audit.read_anchors(environ),
        breached_passwords=read_breached(environ),
        retention_holds=read_holds(environ),
    )


def read_instance(environ: Mapping[str, str]) -> Path:
    try:
        return Path(environ.get("PORTAL_INSTANCE") or "instance").absolute()
    except OSError as error:  # there is no current folder
        raise unusable_file("PORTAL_INSTANCE", error) from error


def read_processes(environ: Mapping[str, str]) -> int:
    """How many processes serve pages."""
    return read_number(environ, "WEB_CONCURRENCY", config.WEB_PROCESSES, 1, config.WEB_PROCESSES_MAX)


def read_database_url(environ: Mapping[str, str], instance: Path) -> str:
    own = URL.create("sqlite", database=str(instance / "portal.sqlite3"))  # whatever signs are in the folder's name
    url = environ.get("PORTAL_DATABASE_URL") or own.render_as_string()
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise SettingError(
            "PORTAL_DATABASE_URL must be a SQLAlchemy URL such as postgresql+psycopg://user@host/portal."
        ) from error
    if parts.drivername not in ("sqlite", "postgresql+psycopg"):
        raise SettingError("PORTAL_DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://.")
    if parts.drivername == "sqlite" and ((parts.database or ":memory:") == ":memory:" or "\0" in str(parts.database)):
        raise SettingError("PORTAL_DATABASE_URL must name a file after sqlite:///, which all processes share.")
    return url


def read_switch(environ: Mapping[str, str], name: str, default: str = "0") -> bool:
    value = environ.get(name) or default
    if value not in ("0", "1"):
        raise SettingError(f"{name} must be 1 or 0.")
    return value == "1"


def read_holds(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The usernames of PORTAL_RETENTION_HOLDS, of whom nothing is deleted. Whether there are such accounts, the command finds out."""
    names = [name.strip() for name in environ.get("PORTAL_RETENTION_HOLDS", "").split(",")]
    if names != [""] and not all(names):
        raise SettingError("PORTAL_RETENTION_HOLDS must be a list of usernames, separated by commas. One of them is empty.")
    return tuple(filter(None, names))


def read_contact(environ: Mapping[str, str]) -> str:
    """Whom people turn to for help: an email address or a phone number, as it is printed."""
    contact = environ.get("PORTAL_SUPPORT_CONTACT") or "support@medximity.example"
    if len(contact) > config.LINE_MAX:
        raise SettingError(
            f"PORTAL_SUPPORT_CONTACT must be an email address or a phone number of at most {config.LINE_MAX} characters."
        )
    return contact


def read_confirming(environ: Mapping[str, str]) -> str:
    """Who has to confirm a sign-in in a new browser: one of CONFIRMING."""
    value = environ.get("PORTAL_CONFIRM_NEW_BROWSERS") or config.CONFIRMING[0]
    if value not in config.CONFIRMING:
        raise SettingError(f"PORTAL_CONFIRM_NEW_BROWSERS must be one of {', '.join(config.CONFIRMING)}.")
    return value


def read_time_zone(environ: Mapping[str, str]) -> str:
    """The time zone of PORTAL_TIME_ZONE."""
    name = environ.get("PORTAL_TIME_ZONE") or "UTC"
    if not find_zone(name):
        raise SettingError(f"PORTAL_TIME_ZONE must be a time zone such as America/Los_Angeles. {quote(name)} isn't one.")
    return name


def read_trusted_browser_days(environ: Mapping[str, str]) -> int:
    return read_number(environ, "PORTAL_TRUSTED_BROWSER_DAYS", config.TRUSTED_BROWSER_DAYS, 0, config.TRUSTED_BROWSER_DAYS)


def read_recovery_promise_days(environ: Mapping[str, str]) -> int:
    most = config.RECOVERY_PROMISE_DAYS_MAX
    return read_number(environ, "PORTAL_RECOVERY_PROMISE_DAYS", config.RECOVERY_PROMISE_DAYS, 1, most)


def read_languages(environ: Mapping[str, str], is_loopback: bool) -> tuple[str, ...]:
    """The languages of PORTAL_LANGUAGES. English is always among them; the pseudo-locale may be on loopback only.

    In production, what nobody qualified has reviewed needs the operator's word (AX-10: 45 CFR 92.201).
    """
    known = (*list_languages(), *([PSEUDO] if is_loopback else []))
    entries = tuple(dict.fromkeys((environ.get("PORTAL_LANGUAGES") or SOURCE).replace(" ", "").split(",")))
    for entry in entries:
        if entry not in known:
            raise SettingError(
                f"PORTAL_LANGUAGES must be a list of languages that have a catalogue ({', '.join(known)}). {quote(entry)} has none."
            )
    if SOURCE not in entries:
        raise SettingError(f"PORTAL_LANGUAGES must include {SOURCE}, which stands in for what a catalogue lacks.")
    is_answered_for = read_switch(environ, "PORTAL_UNREVIEWED_LANGUAGES") or is_loopback
    unreviewed = ", ".join(entry for entry in entries if not is_reviewed(entry))
    if unreviewed and not is_answered_for:
        raise SettingError(
            f"PORTAL_LANGUAGES names {unreviewed}, {NOT_REVIEWED}."
            " Leave it out until it is, or set PORTAL_UNREVIEWED_LANGUAGES=1 to answer for it."
        )
    return entries
