"""RFC 6238 in ten lines: tests need hundreds of codes, wrong ones included, and oathtool starts a process for each."""

import base64
import hmac
import itertools

PERIOD = 30
AROUND = 25  # a wrong code matches no step this close to now


def hotp(key, step, digits=6):
    """Returns the digits of one step (RFC 4226 5.3) for a base32 key."""
    mac = hmac.digest(base64.b32decode(key), step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 15
    return f"{(int.from_bytes(mac[offset : offset + 4], 'big') & 0x7FFFFFFF) % 10**digits:0{digits}}"


def totp(key, at, steps=0):
    """Returns the six digits that an app shows at an aware datetime, or some steps later."""
    return hotp(key, int(at.timestamp()) // PERIOD + steps)


def wrong_codes(key, at):
    """Yields codes that match no step near a datetime."""
    near = {totp(key, at, steps) for steps in range(-AROUND, AROUND + 1)}
    return (code for number in itertools.count(100_001) if (code := f"{number % 10**6:06}") not in near)
