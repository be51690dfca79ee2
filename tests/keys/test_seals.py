"""What is sealed opens at its own place with its own key, and nowhere else (CR-1, CR-5, PW-8, BC-2)."""

import base64
import secrets

import pytest

from tests.support import moments, wire
from tests.support.rows import Rows, loot
from tests.support.server import running_server
from tests.support.wire import CODE, Wire, claimant

UNREADABLE = "We can't check codes from your phone right now"
MOVE = (
    "UPDATE authenticators SET secret_sealed = (SELECT secret_sealed FROM authenticators a JOIN users u ON u.id = a.user_id"
    " WHERE username = 'sam') WHERE user_id = (SELECT id FROM users WHERE username = 'maria')"
)


@pytest.fixture
def portal(site):
    """A portal on a site of this test's own."""
    with running_server(site, workers=1) as server:
        yield server


def test_a_key_moved_to_another_account_lets_nobody_in_and_backup_codes_still_work(portal):
    entry, codes = wire.turn_on(Wire(portal), "maria", at=moments.before(moments.quiet()))
    thief = wire.entry_of(portal, "sam")
    assert Rows(portal.site).change(MOVE) == 1
    person = claimant(portal, "maria")
    for code in (entry.code(), thief.code()):
        answer = person.post(CODE, code=code)
        assert (answer.status, UNREADABLE in answer.lines) == (422, True), answer.lines
    assert "cannot be decrypted with the configured keys" in portal.log.read_text()
    assert person.post(CODE, code=codes[1]).went_in


@pytest.mark.parametrize("source", ["jun", "email"])
def test_a_password_moved_from_another_account_or_column_lets_nobody_in(portal, source):
    column, owner = ("email_sealed", "maria") if source == "email" else ("password_sealed", source)
    taken = f"UPDATE users SET password_sealed = (SELECT {column} FROM users WHERE username = '{owner}') WHERE username = 'maria'"
    Rows(portal.site).change(taken)
    assert Wire(portal).sign_in("maria").status == 422
    assert "the password of user" in portal.log.read_text()
    assert Wire(portal).sign_in("jun").location == "/home"


def test_the_database_without_its_key_verifies_nothing(site, postgres):
    stolen = loot(site, postgres)
    assert (b"$argon2" in stolen, b"$argon2".hex().encode() in stolen) == (False, False)
    other = "k1:" + base64.b64encode(secrets.token_bytes(32)).decode()
    with running_server(site, workers=1, PORTAL_ENCRYPTION_KEYS=other) as thief:
        answers = [Wire(thief).sign_in(username) for username in ("maria", "sam", "dr.okafor")]
        assert [answer.status for answer in answers] == [422, 422, 422]
        assert "the password of user" in thief.log.read_text()
