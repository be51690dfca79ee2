"""No text that fits into a form takes long to read, whatever it is made of. (Passwords: tests/test_passwords.py)"""

import contextlib
import time

import pytest

from portal import phones
from portal.flows.base.audit import one_line
from portal.flows.base.passwords import normalize_username
from portal.flows.messages.notices import describe_browser
from portal.forms.base import looks_secret
from portal.forms.codes import as_backup_code, squeeze_code
from portal.forms.sign_in import strip_invisible
from portal.limit_address import limit_address
from portal.models import fold_email
from portal.names import search_key, sort_key
from portal.settings import config
from portal.words.refusals import Refused
from portal.written import read_written

LIMIT = 0.2  # seconds of the processor; before it was bounded, the slowest took 0.25 here and two hashes elsewhere
SIZE = config.MAX_FORM_BYTES - 1_000  # bytes
SEEDS = {
    "digits": "1",
    "plus signs": "+",
    "digits and dashes": "1-",
    "extensions": "5035550164 ext",
    "letters": "x",
    "spaces": " ",
    "combining marks": "a\u0301",
    "parts of syllables": "\u1100\u1161\u11a8",
    "one that becomes eighteen": "\ufdfa",
    "one that grows when its case is folded": "\u0390",
    "at signs": "a@",
    "dots": "a.",
    "brackets": "(",
    "joined emoji": "\U0001f468\u200d",
    "parts of backup codes": "ABCD-",
    "setup keys": "ABCDEFGHIJKLMNOP",
    "control characters": "\x01\x02a",
    "user agents": "Mozilla/5.0 (Windows NT ",
    "lines of a text of ours": "@portal.example #1 ",
    "links": "tel:+1",
    "escapes": "tel:%31",
    "groups of an address": "1:",
}


def read_number(text):
    """Reads a phone number; most of these are none."""
    with contextlib.suppress(Refused):
        phones.read(text, "US", ("US", "CA"))


READERS = {
    "a code": squeeze_code,
    "a backup code": lambda text: as_backup_code(squeeze_code(text)),
    "a number": read_number,
    "a username": normalize_username,
    "an address": fold_email,
    "an address of a client": limit_address,
    "a user agent": lambda text: describe_browser(one_line(text)),
    "a reason": lambda text: looks_secret(strip_invisible(text)[: config.RECOVERY_STORY_MAX]),
    "a note": lambda text: read_written(text[: config.NOTE_MAX]),
    "a name": lambda text: sort_key(text[: config.NAME_MAX]),
    "a search": lambda text: search_key(text[: config.NAME_MAX]),
}


@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_nothing_takes_long_to_read(read, seed):
    read("a")  # tables that are loaded once do not count
    text = seed * (SIZE // len(seed.encode()))
    began = time.thread_time()
    read(text)
    assert time.thread_time() - began < LIMIT
