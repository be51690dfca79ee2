"""The start is refused where a key is missing, lost, weak or not a key; the sentence names the setting (CR-3)."""

import base64
import secrets

import pytest

from portal.settings.addresses import SettingError
from portal.settings.environment import load_settings
from tests.support.server import running_server

GOOD = "2026a:" + base64.b64encode(secrets.token_bytes(32)).decode()
SECRET = secrets.token_urlsafe(32)
REGULAR = base64.b64encode(b"0123456789" * 3 + b"01").decode()
WEAK = {
    "missing": "",
    "short": "2026a:" + base64.b64encode(secrets.token_bytes(16)).decode(),
    "long": "2026a:" + base64.b64encode(secrets.token_bytes(33)).decode(),
    "zeros": "2026a:" + base64.b64encode(bytes(32)).decode(),
    "regular": "2026a:" + REGULAR,
    "no base64": "2026a:change-me",
    "no id": GOOD.partition(":")[2],
    "one id twice": f"{GOOD},{GOOD}",
    "the second is short": f"{GOOD},2025a:AAAA",
}
WEAK_NAMES = ["missing", "default", "short word", "one letter", "regular", "short"]


def read(site, **settings):
    """Reads the settings as a portal in production would."""
    production = {"PORTAL_BASE_URL": "https://portal.example", "PORTAL_TEST_BENCH": "0", "PORTAL_TRUSTED_PROXIES": "1"}
    return load_settings(site.environment | production | settings)


def test_good_keys_are_let_through(site):
    assert read(site, PORTAL_ENCRYPTION_KEYS=GOOD, PORTAL_SECRET_KEY=SECRET).encryption_keys[0][0] == "2026a"


@pytest.mark.parametrize("kind", WEAK)
def test_encryption_keys_that_protect_nothing_stop_the_start(site, kind):
    with pytest.raises(SettingError, match="PORTAL_ENCRYPTION_KEYS"):
        read(site, PORTAL_ENCRYPTION_KEYS=WEAK[kind], PORTAL_SECRET_KEY=SECRET)


@pytest.mark.parametrize("weak", ["", "change-me", "dev", "x" * 64, "0123456789" * 8, SECRET[:20]], ids=WEAK_NAMES)
def test_a_secret_key_that_can_be_guessed_stops_the_start(site, weak):
    with pytest.raises(SettingError, match="PORTAL_SECRET_KEY"):
        read(site, PORTAL_ENCRYPTION_KEYS=GOOD, PORTAL_SECRET_KEY=weak)


@pytest.mark.parametrize("name", ["encryption_keys", "secret_key"])
def test_a_lost_key_beside_an_existing_database_stops_the_start(site, name):
    (site.folder / name).unlink()
    with pytest.raises(SettingError, match=f"PORTAL_{name.upper()} is missing"):
        load_settings(site.environment)
    assert not (site.folder / name).exists(), "a new key was made"


def test_a_refused_key_stops_the_server_and_says_why(site):
    settings = {"PORTAL_ENCRYPTION_KEYS": "2026a:change-me"}
    with pytest.raises(RuntimeError, match="PORTAL_ENCRYPTION_KEYS must hold"), running_server(site, workers=1, **settings):
        pass
