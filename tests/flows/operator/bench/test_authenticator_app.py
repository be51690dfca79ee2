"""The phone's app: what it reads from a QR code or a typed key, and the codes it shows."""

from datetime import UTC, datetime

import pytest

from portal.flows.operator.bench.authenticator_app import make_entry, other_entry, read_key, read_qr_text, show
from portal.words.refusals import Refused
from tests.support.phone import code_for

KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238's
AT = datetime(2027, 3, 1, 12, 0, 10, tzinfo=UTC)


def test_the_vectors_of_the_standard():
    key32 = "GEZDGNBVGY3TQOJQ" * 3 + "GEZA"  # the 32 bytes of its SHA-256 vectors, and the 64 of SHA-512
    key64 = "GEZDGNBVGY3TQOJQ" * 6 + "GEZDGNA"
    for algorithm, key, digits in (("SHA1", KEY, "94287082"), ("SHA256", key32, "46119246"), ("SHA512", key64, "90693936")):
        entry = make_entry("Medximity", "sam", key, 8, 30, algorithm)
        shown = show(entry, datetime.fromtimestamp(59, UTC))
        assert (shown["code"], shown["seconds_left"]) == (digits, 1)


def test_another_program_shows_the_same_digits():
    entry = make_entry("Medximity", "sam", KEY)
    assert show(entry, AT)["code"] == code_for(KEY, AT)
    assert show(entry, AT)["seconds_left"] == 20 and show(entry, AT)["key_groups"][0] == "GEZD"


@pytest.mark.parametrize(
    "text, expected",
    [
        (f"otpauth://totp/Medximity:maria?secret={KEY}&issuer=Medximity", ("Medximity", "maria", 6, 30, "SHA1")),
        (f"otpauth://totp/DigitalPatientChart%3Adr.chen?secret={KEY.lower()}", ("DigitalPatientChart", "dr.chen", 6, 30, "SHA1")),
        (f"otpauth://totp/maria?secret={KEY}&algorithm=sha256&digits=8&period=60", ("", "maria", 8, 60, "SHA256")),
        (f"otpauth://totp/maria?secret={KEY}&digits=six", ("", "maria", 6, 30, "SHA1")),
    ],
)
def test_a_qr_code_is_read_as_apps_read_it(text, expected):
    entry = read_qr_text(text)
    assert (entry["issuer"], entry["label"], entry["digits"], entry["period"], entry["algorithm"]) == expected
    assert entry["key"] == KEY


@pytest.mark.parametrize(
    "text, reason",
    [
        ("", "scan_other"),
        ("https://medximity.example/", "scan_other"),
        ("http://[", "scan_other"),
        (f"otpauth://totq/maria?secret={KEY}", "scan_other"),
        (f"otpauth://hotp/maria?secret={KEY}&counter=1", "scan_counter"),
        (f"otpauth://totp/maria?secret={KEY}&digits=12", "scan_shape"),
        (f"otpauth://totp/maria?secret={KEY}&period=3000", "scan_shape"),
        (f"otpauth://totp/maria?secret={KEY}&algorithm=MD5", "scan_shape"),
        ("otpauth://totp/maria", "setup_key_shape"),
        ("otpauth://totp/maria?secret=not!base32", "setup_key_shape"),
    ],
)
def test_what_is_no_code_for_an_app_is_refused(text, reason):
    with pytest.raises(Refused) as refused:
        read_qr_text(text)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "typed", [KEY, KEY.lower(), "gezd gnbv-gy3t_qojq GEZD.GNBV GY3T QOJQ", "ＧＥＺＤGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"]
)
def test_a_key_may_be_grouped_in_any_way(typed):
    assert read_key(typed) == KEY


@pytest.mark.parametrize("typed", ["", "GEZD", "1089108910891089", KEY * 9, "ГEZDGNBVGY3TQOJQ"])
def test_a_key_that_is_none_is_refused(typed):
    with pytest.raises(Refused) as refused:
        read_key(typed)
    assert refused.value.reason == "setup_key_shape"


def test_another_company_has_another_key_each_time():
    assert other_entry("sam")["key"] != other_entry("sam")["key"] and other_entry("sam")["issuer"] != "Medximity"
