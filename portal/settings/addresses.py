"""Reads and validates the addresses in the environment: gateways, mail server."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

WORD_SHOWN = 40
DIGITS_MAX = 9  # of a number: int() refuses thousands of them


class SettingError(RuntimeError):
    """An invalid setting, which prevents startup. The message names it and says what to do."""


def quote(word: str) -> str:
    """A word of a setting as a sentence repeats it: not more of it than one recognizes it by."""
    return f"“{word}”" if len(word) <= WORD_SHOWN else f"“{word[:WORD_SHOWN]}…”"


def unusable_file(name: str, error: OSError, path: object = None) -> SettingError:
    """The sentence for a file or folder that the operating system refuses; `name` is the setting to change."""
    place = path or error.filename or "the current folder"
    return SettingError(
        f"{name}: {place} can't be used ({error.strerror or error}). Name one that the portal's account may write to."
    )


def read_number(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number within its limits."""
    text = environ.get(name) or str(default)
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX else -1
    if not least <= number <= most:
        raise SettingError(f"{name} must be a whole number from {least} to {most}.")
    return number


def split_url(url: str) -> SplitResult | None:
    """The parts of a URL that names a host; None for anything else."""
    try:
        parts = urlsplit(url)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def is_loopback_host(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def in_url(host: str) -> str:
    """A host as URLs write it: an IPv6 address stands in brackets."""
    return f"[{host}]" if ":" in host else host


def read_text_urls(environ: Mapping[str, str]) -> tuple[str, ...]:
    """One or two apprise URLs. Only their shape is checked here, because only the worker imports apprise."""
    urls = tuple(environ.get("PORTAL_SMS_URL", "").split())
    if len(urls) > 2:
        raise SettingError("PORTAL_SMS_URL holds more than two addresses. Give one gateway, or two with a space between them.")
    for place, url in enumerate(urls, 1):
        if "://" not in url or "{to}" not in url:
            raise SettingError(
                f"PORTAL_SMS_URL: address {place} must be an apprise URL with {{to}} in it, such as twilio://SID:TOKEN@FROM/{{to}}."
            )
    return urls


def read_number_check_url(environ: Mapping[str, str]) -> str:
    """The number check, asked before a code is sent. Phone numbers travel over TLS or on loopback only."""
    url = environ.get("PORTAL_NUMBER_CHECK_URL", "").strip()
    if not url:
        return ""
    parts = split_url(url)
    if not parts or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback_host(parts.hostname or ""))):
        raise SettingError("PORTAL_NUMBER_CHECK_URL must begin with https:// and name a host; http:// is for loopback only.")
    return url


def read_smtp_url(environ: Mapping[str, str]) -> str:
    """The mail server. Emails carry links that grant access, so the connection is over TLS or on loopback."""
    url = environ.get("PORTAL_SMTP_URL", "").strip()
    if not url:
        return ""
    parts = split_url(url)
    if not parts or parts.scheme not in ("smtp", "smtps") or parts.query not in ("", "starttls") or parts.path not in ("", "/"):
        raise SettingError(
            "PORTAL_SMTP_URL must be an address such as smtps://user:password@mail.example or smtp://host:587?starttls."
        )
    if parts.scheme == "smtp" and not parts.query and not is_loopback_host(parts.hostname or ""):
        raise SettingError("PORTAL_SMTP_URL would send links unencrypted. Begin it with smtps://, or end it with ?starttls.")
    return url


def read_mail_from(environ: Mapping[str, str], base_url: str) -> str:
    """The sender address of emails."""
    host = urlsplit(base_url).hostname or ""
    sender = environ.get("PORTAL_MAIL_FROM") or f"no-reply@{'localhost' if is_loopback_host(host) else host}"
    name, _, domain = sender.rpartition("@")
    if not name or not domain or not sender.isascii() or not sender.isprintable() or set(sender) & set(" <>,;:"):
        raise SettingError("PORTAL_MAIL_FROM must be a bare address such as no-reply@portal.example.")
    return sender
