"""Every number with its reason, and the settings read and checked from the environment."""

import base64
import binascii
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from phonenumbers import SUPPORTED_REGIONS
from sqlalchemy import NullPool, create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from portal.addresses import SettingError, is_loopback_host, read_mail_from, read_redis_url, read_text_urls, read_smtp_url

# Methods switched on, in the order in which they are offered. The name is the module in portal/methods.
METHODS = ("totp", "sms")

# Passwords
PASSWORD_MIN_ALONE = 15  # code points, where the password is the only factor: NIST SP 800-63B 3.1.1.2
PASSWORD_MIN_WITH_SECOND_FACTOR = 8  # the same section, inside multi-factor sign-in
PASSWORD_MAX = 256  # long enough for every manager; bounds the work of hashing
ARGON2_MEMORY_KIB = 19_456  # OWASP Password Storage: argon2id, 19 MiB, two passes, one lane
ARGON2_PASSES = 2
ARGON2_LANES = 1

CODE_DIGITS = 6  # of every verification code: NIST SP 800-63B 3.1.3.2, RFC 4226 5.3

# Authenticator app (RFC 6238, RFC 4226, the Key URI format)
TOTP_SECRET_BYTES = 20  # RFC 4226 R6 recommends 160 bits
TOTP_DIGITS = CODE_DIGITS
TOTP_PERIOD = 30  # seconds
TOTP_ALGORITHM = "SHA1"  # the apps the guide names read nothing else reliably
TOTP_WINDOW = 1  # steps accepted before and after the current one: RFC 6238 5.2
TOTP_HINT_STEPS = 20  # a match up to ten minutes away names the phone's clock instead: product rule 8

# Set-up
BINDING_LIFE = timedelta(minutes=30)  # a secret that was shown and not proved: product rule 2
BINDING_KEPT = timedelta(days=1)  # an expired one says so for this long, then it is deleted
REAUTHENTICATION_LIFE = timedelta(minutes=5)  # RA-1, RA-4

# Backup codes
BACKUP_CODES = 10
BACKUP_CODE_LENGTH = 16  # Crockford base32: 80 bits, above the 64 of NIST SP 800-63B 4.2.1.1
BACKUP_CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BACKUP_CODES_READABLE = timedelta(minutes=30)  # sealed until proved saved, at most this long: product rule 2
BACKUP_CODES_FEW = 3  # a standing warning from here down: product rule 5
BACKUP_SETS_RECOGNISED = 4  # a code of these many newest sets is named as old; older ones are plainly wrong
BACKUP_HASH_MEMORY_KIB = 64  # 80 random bits need no slow hash (C-17): about 0.1 ms

# Links that are mailed (RC-2, RC-7), and whom they go to
PASSWORD_LINK_LIFE = timedelta(minutes=30)
ADDRESS_LINK_LIFE = timedelta(hours=24)
LINK_MAILS = 4  # of one kind to one account in LINK_MAILS_IN: enough for a mail that was lost, no use for flooding a mailbox
LINK_MAILS_IN = timedelta(hours=1)
ACCOUNTS_PER_ADDRESS = 5  # a family may share one; each account gets a link of its own
SECOND_ADDRESSES = 3  # beside the account's own; NIST SP 800-63B 4.6 asks for at least one
EMAIL_MAX = 254  # RFC 5321 4.5.3.1.3, without its angle brackets
NAME_MAX = 100

INVITATION_RESTS = timedelta(days=30)  # after it was dismissed

# Wrong codes (RL-1, RL-2)
TRIES_BEFORE_PAUSE = 10  # NIST SP 800-63B 8.1.1 asks for at least ten
PAUSES = (timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=40), timedelta(minutes=60))
FAILURES_TO_DISABLE = 100  # consecutive, per authenticator: NIST SP 800-63B 3.2.2

LABEL_MAX = 40  # characters of an authenticator's name

# Codes by text message (SM-2, SM-5, SM-9; NIST SP 800-63B 3.1.3.2)
TEXT_LIFE = timedelta(minutes=10)
TEXT_TRIES = 5
SEND_GAP = timedelta(seconds=60)  # between two texts of one attempt
SENDS_PER_HOUR = 5  # per account, and per number
SENDS_PER_DAY = 10  # per account
SENDS_PER_IP = 25
SEND_IP_WINDOW = timedelta(minutes=5)
SENDS_PLANNED_PER_DAY = 5_000  # the log says when they are spent
SENDS_WATCHED = 10  # from so many to one prefix in an hour on, half of them should be used
PREFIX_LENGTH = 5
SEND_LOCK = 0x53454E44  # the name of PostgreSQL's lock for sends
ACCOUNTS_PER_NUMBER = 5

# Sessions (SE-1 to SE-11)
SESSION_TOKEN_BYTES = 32
SESSION_IDLE = timedelta(minutes=15)
SESSION_WARNING = timedelta(minutes=2)
SESSION_LIFE = timedelta(hours=12)
CLAIMANT_LIFE = timedelta(minutes=10)
SESSION_TOUCH = timedelta(minutes=1)  # "last seen" is written at most once in this time
SESSIONS_PER_PERSON = 5

# Trusted browsers (TB-1 to TB-6)
TRUSTED_BROWSER_DAYS = 30  # the most that an operator may set: product rule 4, login.gov's 720 hours
TRUSTED_TOKENS = 5  # people who share one browser and trust it; a sixth takes the place of the first

# What a person sees of their own account (AU-8)
ACTIVITY_SHOWN = timedelta(days=90)
ACTIVITY_PAGE = 20
ACTIVITY_EXCERPT = 3  # on the Security page
PLACES_SHOWN = 3  # sessions and trusted browsers before "and 3 more"
# Texts and mails: the outbox, and the worker that carries it to the gateways
TEXT_CONNECT_SECONDS = 4  # two gateways that neither connect nor answer take 24 seconds of the lease's 30
TEXT_READ_SECONDS = 8
TEXT_LEASE = timedelta(
    seconds=30
)  # who carries a text has it alone for so long; it is not begun later than this before its death
TEXT_RETRY = (timedelta(seconds=2), timedelta(minutes=1))  # the first wait and the longest; each is twice the one before
SMTP_SECONDS = 10  # for each word of a conversation with the mail server; at most eleven of them fit in the lease
MAIL_LEASE = timedelta(minutes=2)
MAIL_RETRY = (timedelta(seconds=5), timedelta(minutes=30))
MAIL_LIFE = timedelta(days=3)  # a notice is tried for so long (NO-4); mail servers give up after four or five (RFC 5321 4.5.4.1)
NOT_ME_LIFE = timedelta(days=7)  # of the link "This wasn't me" in a notice
QUEUE_THREADS = 8  # a gateway that hangs holds those that wait for it, not the others
QUEUE_POLL_SECONDS = 0.5  # how long a text waits at most for an idle worker on the embedded queue
QUEUE_SECONDS = 1  # what a page gives the queue to take an order; the sweep brings what was lost
SWEEP_ROWS = 500  # at most so many in one sweep; the next one takes the others

# HTTP
MAX_FORM_BYTES = 64 * 1024  # no form of ours comes near; 10,000 characters in a field still get a sentence
DATABASE_WAIT_SECONDS = 5  # how long a writer waits for another before the person is told
MIN_KEY_BYTES = 32  # 256 bits: CR-3


@dataclass(frozen=True)
class Settings:
    """What the environment decides, checked once at the start."""

    instance: Path
    database_url: str
    base_url: str
    secret_key: str
    secret_key_fallbacks: tuple[str, ...]
    encryption_keys: tuple[tuple[str, bytes], ...]  # (id, 32 bytes), newest first
    test_bench: bool
    trusted_proxies: int
    support_contact: str
    text_countries: tuple[str, ...]  # ISO 3166; texts go nowhere else (SM-5)
    trusted_browser_days: int  # 0: nobody is offered it
    text_urls: tuple[str, ...]  # the gateway for texts and the one that stands in for it; none: the test bench
    smtp_url: str  # "": the test bench
    mail_from: str
    redis_url: str  # "": the queue is a file in the instance folder

    @property
    def is_loopback(self) -> bool:
        """Whether the portal is served on this machine only, where plain HTTP is allowed."""
        return is_loopback_host(urlsplit(self.base_url).hostname or "")

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `PORTAL_*`; SettingError names the first one that is wrong."""
    instance = Path(environ.get("PORTAL_INSTANCE", "instance")).absolute()
    base_url = read_base_url(environ)
    loopback = is_loopback_host(urlsplit(base_url).hostname or "")
    if base_url.startswith("http://") and not is_loopback_host(environ.get("HOST", "127.0.0.1")):
        raise SettingError(
            "HOST is open to others over plain HTTP. Set PORTAL_BASE_URL to the https:// address, or serve on 127.0.0.1."
        )
    database_url = read_database_url(environ, instance)
    kept = KeptKeys(instance, database_url) if loopback else None
    test_bench = read_switch(environ, "PORTAL_TEST_BENCH")
    if test_bench and not (loopback and is_loopback_host(environ.get("HOST", "127.0.0.1"))):
        raise SettingError(
            "PORTAL_TEST_BENCH shows codes to everyone: it is allowed on loopback only. Unset it, or serve on 127.0.0.1."
        )
    return Settings(
        instance=instance,
        database_url=database_url,
        base_url=base_url,
        secret_key=read_secret_key(environ, kept),
        secret_key_fallbacks=tuple(filter(None, environ.get("PORTAL_SECRET_KEY_FALLBACKS", "").split(","))),
        encryption_keys=read_encryption_keys(environ, kept),
        test_bench=test_bench,
        trusted_proxies=read_number(environ, "PORTAL_TRUSTED_PROXIES", 0),
        support_contact=environ.get("PORTAL_SUPPORT_CONTACT", "support@medximity.example"),
        text_countries=read_countries(environ),
        trusted_browser_days=read_trusted_browser_days(environ),
        text_urls=read_text_urls(environ),
        smtp_url=read_smtp_url(environ),
        mail_from=read_mail_from(environ, base_url),
        redis_url=read_redis_url(environ),
    )


def read_base_url(environ: Mapping[str, str]) -> str:
    port = read_number(environ, "PORT", 5000)
    url = environ.get("PORTAL_BASE_URL", f"http://127.0.0.1:{port}").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingError("PORTAL_BASE_URL must be an address such as https://portal.example.")
    if parts.scheme == "http" and not is_loopback_host(parts.hostname):
        raise SettingError("PORTAL_BASE_URL must begin with https:// anywhere but on loopback.")
    return url


def read_database_url(environ: Mapping[str, str], instance: Path) -> str:
    url = environ.get("PORTAL_DATABASE_URL") or f"sqlite:///{instance / 'portal.sqlite3'}"
    try:
        name = make_url(url).drivername
    except ArgumentError as error:
        raise SettingError(
            "PORTAL_DATABASE_URL must be a SQLAlchemy URL such as postgresql+psycopg://user@host/portal."
        ) from error
    if name not in ("sqlite", "postgresql+psycopg"):
        raise SettingError("PORTAL_DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://.")
    return url


def read_switch(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "0")
    if value not in ("", "0", "1"):
        raise SettingError(f"{name} must be 1 or 0.")
    return value == "1"


def read_number(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name, str(default))
    if not value.isascii() or not value.isdigit():
        raise SettingError(f"{name} must be a whole number.")
    return int(value)


def read_countries(environ: Mapping[str, str]) -> tuple[str, ...]:
    countries = tuple(environ.get("PORTAL_SMS_COUNTRIES", "US,CA").replace(" ", "").split(","))
    if not SUPPORTED_REGIONS.issuperset(countries):
        raise SettingError("PORTAL_SMS_COUNTRIES must be a list of two-letter countries such as US,CA.")
    return countries


def read_trusted_browser_days(environ: Mapping[str, str]) -> int:
    days = read_number(environ, "PORTAL_TRUSTED_BROWSER_DAYS", TRUSTED_BROWSER_DAYS)
    if days > TRUSTED_BROWSER_DAYS:
        raise SettingError(f"PORTAL_TRUSTED_BROWSER_DAYS must be 0 to {TRUSTED_BROWSER_DAYS}; 0 switches trusted browsers off.")
    return days


def read_secret_key(environ: Mapping[str, str], kept: "KeptKeys | None") -> str:
    key = environ.get("PORTAL_SECRET_KEY") or (
        kept.read("secret_key", lambda: secrets.token_urlsafe(MIN_KEY_BYTES)) if kept else ""
    )
    if not key:
        raise SettingError("PORTAL_SECRET_KEY is missing. Make one: python -c 'import secrets; print(secrets.token_urlsafe(32))'")
    if len(key.encode()) < MIN_KEY_BYTES or len(set(key)) < 16:
        raise SettingError("PORTAL_SECRET_KEY is too short or too regular: it needs 32 random bytes or more.")
    return key


def read_encryption_keys(environ: Mapping[str, str], kept: "KeptKeys | None") -> tuple[tuple[str, bytes], ...]:
    text = environ.get("PORTAL_ENCRYPTION_KEYS") or (kept.read("encryption_keys", new_encryption_key) if kept else "")
    if not text:
        raise SettingError("PORTAL_ENCRYPTION_KEYS is missing. It is a list such as 2026a:BASE64OF32BYTES, newest first.")
    keys = tuple(read_one_key(part) for part in text.strip().split(","))
    if len({name for name, _ in keys}) < len(keys):
        raise SettingError("PORTAL_ENCRYPTION_KEYS names one id twice.")
    return keys


def read_one_key(part: str) -> tuple[str, bytes]:
    name, _, encoded = part.strip().partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise SettingError("PORTAL_ENCRYPTION_KEYS must hold base64 after each id.") from error
    if not name or len(name) > 16 or not name.isascii():
        raise SettingError("PORTAL_ENCRYPTION_KEYS needs a short id before each key, such as 2026a:….")
    if len(key) != MIN_KEY_BYTES or len(set(key)) < 16:
        raise SettingError(
            "PORTAL_ENCRYPTION_KEYS must hold 32 random bytes after each id; one is shorter, longer or too regular."
        )
    return name, key


def new_encryption_key() -> str:
    return "k1:" + base64.b64encode(secrets.token_bytes(MIN_KEY_BYTES)).decode()


class KeptKeys:
    """Keys made once and kept in the instance folder, for a portal on loopback."""

    def __init__(self, instance: Path, database_url: str) -> None:
        self.instance = instance
        self.url = make_url(database_url)

    def read(self, name: str, make) -> str:
        """The kept key; made when neither it nor a database that could need it exists."""
        path = self.instance / name
        if not path.exists():
            if self.database_exists():
                raise SettingError(f"PORTAL_{name.upper()} is missing: {path} is gone, but the database it protects exists.")
            self.instance.mkdir(parents=True, exist_ok=True)
            self.keep(path, make())
        return path.read_text().strip()

    def database_exists(self) -> bool:
        """Whether there is a database that a key made now could not open (CR-3)."""
        if self.url.drivername == "sqlite":
            return bool(self.url.database) and Path(str(self.url.database)).exists()
        engine = create_engine(self.url, poolclass=NullPool)
        try:
            return inspect(engine).has_table("users")
        except OperationalError as error:
            raise SettingError("PORTAL_DATABASE_URL names a database that does not answer.") from error

    @staticmethod
    def keep(path: Path, text: str) -> None:
        """Write the file whole or not at all, readable by its owner; the first of two processes wins."""
        draft = path.with_suffix(f".{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(text + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
