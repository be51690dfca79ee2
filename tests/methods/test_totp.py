"""The authenticator app's arithmetic: RFC 6238's own numbers, the window, and the hint about the phone's clock."""

import base64
import dataclasses
import itertools
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import segno

from portal import methods
from portal.methods import CodeRejected, Secret, totp
from portal.settings import config
from tests.support import phone
from tests.support.digits import hotp, wrong_codes
from tests.support.digits import totp as shown
from tests.support.moving import START

RFC_KEY = base64.b32encode(b"12345678901234567890").decode()
RFC_VECTORS = {  # RFC 6238, appendix B, SHA-1: seconds, the last six of the eight digits
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}
KEY = base64.b32encode(bytes(range(20))).decode()


def verdict(code, now=START, key=KEY):
    """Returns ("accepted", step off) or (reason, minutes) of a code."""
    try:
        return "accepted", totp.verify(key, code, now) - totp.step_at(now)
    except CodeRejected as rejected:
        return rejected.reason, rejected.facts.get("minutes")


@pytest.mark.parametrize(("seconds", "digits"), RFC_VECTORS.items())
def test_the_vectors_of_rfc_6238_come_out(seconds, digits):
    now = datetime.fromtimestamp(seconds, UTC)
    assert totp.code_at(RFC_KEY, totp.step_at(now)) == digits
    assert hotp(RFC_KEY, seconds // 30) == digits, "the tests' own arithmetic"
    assert seconds == 59 or verdict(digits, now, RFC_KEY) == ("accepted", 0)  # a minute after 1970 there is no window


def test_the_tests_own_arithmetic_agrees_with_another_program():
    assert shown(KEY, START) == phone.code_for(KEY, START)


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_the_neighbouring_steps_are_accepted(off):
    assert verdict(shown(KEY, START, off)) == ("accepted", off)


@pytest.mark.parametrize("off", [*range(-20, -1), *range(2, 21)])
def test_a_step_further_away_names_the_clock_with_minutes_and_direction(off):
    reason = "clock_slow" if off < 0 else "clock_fast"
    minutes = (abs(off) + 1) // 2  # half a minute rounds up
    assert verdict(shown(KEY, START, off)) == (reason, minutes)


@pytest.mark.parametrize("off", [-21, 21, -40, 40, 2880])
def test_beyond_ten_minutes_a_code_is_plainly_wrong(off):
    assert verdict(shown(KEY, START, off)) == ("wrong", None)


def test_codes_that_match_no_step_are_never_explained_by_the_clock():
    guesses = wrong_codes(KEY, START)
    assert {verdict(next(guesses)) for _ in range(300)} == {("wrong", None)}


def test_a_code_of_two_steps_belongs_to_the_nearer_one(monkeypatch):
    now = totp.step_at(START)
    digits = lambda key, step: "123456" if step in (now - 9, now + 1) else f"{step % 10**6:06}"  # noqa: E731
    monkeypatch.setattr(totp.Codes, "generate_otp", digits)
    assert totp.find_step(KEY, "123456", START) == now + 1


@pytest.mark.parametrize("second", [0, 10, 29])
def test_the_seconds_left_count_down_to_the_next_code(second):
    at = START - timedelta(seconds=10) + timedelta(seconds=second)
    assert totp.seconds_left(at) == 30 - second
    assert totp.step_at(at) == totp.step_at(START)


def test_a_key_is_20_random_bytes_and_never_the_same():
    made = {totp.new_secret() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(base64.b32decode(key)) for key in made} == {20}
    assert {len(key) for key in made} == {32}


def test_the_key_uri_names_issuer_and_username_and_nothing_else():
    uri = totp.provisioning_uri(Secret("id", KEY, "DigitalPatientChart", "dr. o'neil"))
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc, unquote(parts.path)) == ("otpauth", "totp", "/DigitalPatientChart:dr. o'neil")
    assert "=" not in parse_qs(parts.query).pop("secret")[0]
    assert {name: value for name, (value,) in parse_qs(parts.query).items() if name != "secret"} == {
        "issuer": "DigitalPatientChart",
        "algorithm": "SHA1",
        "digits": "6",
        "period": "30",
    }
    entry = phone.read_otpauth(uri)
    assert entry.code(START) == shown(KEY, START)


def test_the_drawing_has_its_quiet_zone_and_speaks_no_secret():
    drawing = str(totp.draw_qr(totp.provisioning_uri(Secret("id", KEY, "Medximity", "maria"))))
    assert KEY not in drawing and "style" not in drawing and "<title" not in drawing
    assert 'fill="#fff"' in drawing


@pytest.mark.parametrize("issuer", ["Medximity", "DigitalPatientChart", "진료소 " * 9])
def test_the_line_is_dark_where_a_module_is(issuer):
    uri = totp.provisioning_uri(Secret("id", KEY, issuer, "maria"))
    modules = segno.make_qr(uri, error=totp.QR_ERROR, mask=totp.QR_MASK).matrix
    assert dark_modules(str(totp.draw_qr(uri))) == {
        (x + totp.QUIET_ZONE, y + totp.QUIET_ZONE) for y, row in enumerate(modules) for x, module in enumerate(row) if module
    }


def dark_modules(drawing):
    """Returns the squares that the dashes of the line cover."""
    dashes, path = re.search(r'stroke-dasharray="([^"]*)" d="M(.*?)"', drawing).groups()
    runs = itertools.cycle(dashes.split() * 2)  # as browsers do, which repeat an odd number of dashes once
    is_dark = itertools.chain.from_iterable([at % 2 == 0] * int(run) for at, run in enumerate(runs))
    x, y = (int(float(each)) for each in path[: path.index("h")].split())
    covered = set()
    for way, length in re.findall(r"([hv])(-?\d+)", path):
        step = -1 if length.startswith("-") else 1
        for _ in range(abs(int(length))):
            if next(is_dark):
                assert way == "h"
                covered.add((min(x, x + step), y))
            x, y = (x + step, y) if way == "h" else (x, y + step)
    return covered


def test_a_secret_does_not_print_itself():
    assert KEY not in repr(Secret("id", KEY, "Medximity", "maria"))


def test_a_method_that_is_not_switched_on_is_no_method(monkeypatch):
    monkeypatch.setattr(config, "METHODS", ("totp",))
    assert methods.method("sms") is None
    assert methods.method("totp").step("no-such-step") is None


def test_a_restricted_method_is_offered_behind_no_door_that_refuses_it(monkeypatch):
    from portal.policy import PATIENT, PROVIDER

    by_telephone = dataclasses.replace(totp.METHOD, restricted=True)
    monkeypatch.setattr(config, "METHODS", ("totp",))
    monkeypatch.setitem(methods.METHODS, "totp", by_telephone)
    assert methods.offered(PATIENT) == [by_telephone]
    assert methods.offered(PROVIDER) == []


def test_a_wrong_code_is_compared_with_every_step_and_the_key_is_decoded_once(monkeypatch):
    wrong = next(wrong_codes(KEY, START))
    decoded, compared, decode, compare = [], [], base64.b32decode, totp.hmac.compare_digest
    monkeypatch.setattr("pyotp.otp.base64.b32decode", lambda *args, **also: decoded.append(1) or decode(*args, **also))
    monkeypatch.setattr("portal.methods.totp.hmac.compare_digest", lambda *codes: compared.append(1) or compare(*codes))
    assert verdict(wrong) == ("wrong", None)
    assert (len(decoded), len(compared)) == (1, 2 * config.TOTP_HINT_STEPS + 1)
