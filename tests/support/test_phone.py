"""The phone is the reference for the portal's codes, so it is tested itself."""

import pytest
import segno

from tests.support import phone

URI = "otpauth://totp/Medximity:maria?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Medximity&algorithm=SHA1&digits=6&period=30"


@pytest.mark.parametrize(("seconds", "digits"), [(59, "94287082"), (1111111109, "07081804"), (20000000000, "65353130")])
def test_the_phone_makes_the_codes_that_rfc_6238_prints(seconds, digits):
    assert phone.code_for("gezd gnbv gy3t qojq gezd gnbv gy3t qojq", seconds, digits=8) == digits


def test_the_phone_reads_a_code_off_a_screen(tmp_path):
    picture = tmp_path / "code.png"
    segno.make(URI, error="m").save(picture, scale=4)
    assert phone.decode_qr(picture) == phone.decode_qr(picture.read_bytes()) == URI


def test_the_phone_takes_an_entry_apart():
    entry = phone.read_otpauth(URI)
    assert (entry.issuer, entry.account, entry.digits, entry.period, entry.algorithm) == ("Medximity", "maria", 6, 30, "SHA1")
    assert entry.code(59) == "287082"


@pytest.mark.parametrize("uri", ["https://totp/a?secret=GE&issuer=a", URI + "&digits=8", URI.replace("Medximity:", "Other:")])
def test_the_phone_refuses_what_an_app_would_refuse(uri):
    with pytest.raises(AssertionError):
        phone.read_otpauth(uri)
