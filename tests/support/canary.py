"""Finds a secret in a byte dump, in any encoding."""

import base64
import re
import unicodedata

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def encodings(raw):
    """Returns a value as bytes, as hexadecimal, and as base64 at each of its three alignments."""
    found = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    for shift in range(3):
        # The first and last characters depend on the neighboring bytes, so they are cut off.
        encoded = base64.b64encode(bytes(shift) + raw).rstrip(b"=")
        core = encoded[(0, 2, 3)[shift] : -1]
        found |= {core, core.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def of_key(secret):
    """Returns the spellings of an authenticator app's key: base32 in any shape, and the bytes behind it."""
    groups = [secret[at : at + 4] for at in range(0, len(secret), 4)]
    texts = {join.join(groups) for join in ("", " ", "-", "+", "%20")}
    texts |= {text.lower() for text in texts}
    spelled = {raw for text in texts for raw in encodings(text.encode())}
    return spelled | encodings(base64.b32decode(secret))


def of_backup_code(code):
    """Returns the spellings of a backup code: with or without dashes, in both cases, and the eighty bits behind it."""
    plain = code.replace("-", "")
    texts = {join.join(plain[at : at + 4] for at in range(0, 16, 4)) for join in ("", " ", "-", "+", "%20")}
    texts |= {text.lower() for text in texts}
    number = 0
    for letter in plain:
        number = number * 32 + CROCKFORD.index(letter)
    return {raw for text in texts for raw in encodings(text.encode())} | encodings(number.to_bytes(10, "big"))


def of_number(number):
    """Returns the spellings of a number of +1: E.164, the country's own, digits only, and as they travel in an address."""
    area, office, line = number[2:5], number[5:8], number[8:]
    texts = {f"{area}{join}{office}{join}{line}" for join in ("", " ", "-", ".", "+", "%20")}
    texts |= {f"({area}){gap}{office}-{line}" for gap in ("", " ", "+", "%20")}
    texts |= {f"%28{area}%29{gap}{office}-{line}" for gap in ("", "+", "%20")}
    return {raw for text in texts for raw in encodings(text.encode())}


def of_text(text):
    """Returns the spellings of a password or a token."""
    return {raw for form in ("NFC", "NFD") for raw in encodings(unicodedata.normalize(form, text).encode())}


def hits(heap, needles):
    """Returns how many of the spellings are in the dump."""
    return sum(needle in heap for needle in needles)


def digits_in(text, codes):
    """Returns the number of standalone six-digit codes in a text, outside longer numbers and hexadecimal words."""
    return sum(bool(re.search(rf"(?<![0-9a-fA-F]){code}(?![0-9a-fA-F])", text)) for code in codes)
