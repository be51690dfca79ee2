"""A person's phone: a QR code reader and an authenticator app, independent of the portal's code."""

import base64
import re
import subprocess
import time
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

PROGRAM_SECONDS = 20


@dataclass(frozen=True)
class Entry:
    """An authenticator app's entry, from an otpauth URI."""

    issuer: str
    account: str
    secret: str
    digits: int
    period: int
    algorithm: str

    def code(self, at=None):
        """Returns the digits at an aware datetime or POSIX time, by default now."""
        return code_for(self.secret, at, self.digits, self.period)


def decode_qr(picture):
    """Returns the text of the only QR code in an image (a path, or the bytes of a PNG); fails if there is none or more than one."""
    found = find_qr_codes(picture)
    assert len(found) == 1, f"zbarimg found {len(found)} QR codes"
    return found[0]


def find_qr_codes(picture):
    """Returns the texts of all QR codes in an image."""
    source, given = ("-", picture) if isinstance(picture, bytes) else (str(picture), None)
    command = ["zbarimg", "--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", source]
    result = subprocess.run(command, input=given, capture_output=True, timeout=PROGRAM_SECONDS)
    assert result.returncode in (0, 4), f"zbarimg can't read {source}: {result.stderr.decode()}"  # 4: there is none
    return result.stdout.decode().splitlines()


def code_for(secret, at=None, digits=6, period=30):
    """Returns oathtool's digits for a base32 secret (spaces and lowercase allowed), at a time or now."""
    seconds = time.time() if at is None else getattr(at, "timestamp", lambda: at)()
    key = re.sub(r"[\s-]", "", secret).upper()
    shape = [f"--digits={digits}", f"--time-step-size={period}s", f"--now=@{int(seconds)}"]
    command = ["oathtool", "--totp", "--base32", *shape, "-"]  # reads the key from standard input
    result = subprocess.run(command, input=key, check=True, capture_output=True, text=True, timeout=PROGRAM_SECONDS)
    return result.stdout.strip()


def read_otpauth(uri):
    """Returns the Entry of an `otpauth://totp/…` URI, parsed by the Key URI format."""
    match = re.fullmatch(r"otpauth://totp/([^/?#]+)\?([^#]+)", uri)
    assert match, f"not an otpauth URI for an authenticator app: {uri[:40]}"
    label, values = unquote(match[1]), parse_qs(match[2], strict_parsing=True)
    assert all(len(value) == 1 for value in values.values()), "a parameter stands twice"
    prefix, colon, account = label.partition(":")
    secret, issuer = values["secret"][0], values["issuer"][0]
    assert not colon or prefix == issuer, f"the label says {prefix}, the issuer says {issuer}"
    base64.b32decode(secret + "=" * (-len(secret) % 8))  # fails for letters outside base32, as an app would
    return Entry(
        issuer=issuer,
        account=account.strip() if colon else label,
        secret=secret,
        digits=int(values.get("digits", ["6"])[0]),
        period=int(values.get("period", ["30"])[0]),
        algorithm=values.get("algorithm", ["SHA1"])[0],
    )


def scan(page, selector):
    """Returns the Entry of a QR code that a browser rendered, decoded from a screenshot."""
    return read_otpauth(decode_qr(page.locator(selector).screenshot()))
