"""Settings: read from the environment, checked at the start, refused with a sentence that names the wrong one (CR-3)."""

import base64
import dataclasses
import secrets
import stat

import pytest

from portal import create_app
from portal.methods import import_method
from portal.settings import config
from portal.settings.addresses import SettingError
from portal.settings.environment import load_settings
from portal.settings.keys import KeptKeys
from portal.settings.serving import read_base_url
from portal.web.client_address import is_within, read_client_address

GOOD_KEY = "2027a:" + base64.b64encode(secrets.token_bytes(32)).decode()
NOTICES = "es,zh-Hans,vi,ko,ar,ru,fr,ja,it,de,uk,so,nl,pdc,hy"  # fifteen, which need no review of ours
HTTPS = {
    "PORTAL_BASE_URL": "https://portal.example",
    "PORTAL_SECRET_KEY": secrets.token_urlsafe(32),
    "PORTAL_ENCRYPTION_KEYS": GOOD_KEY,
    "PORTAL_TRUSTED_PROXIES": "1",
}


def encoded(key):
    """Returns a key of these bytes under a name."""
    return "k1:" + base64.b64encode(key).decode()


WRONG = {
    "no address": ({"PORTAL_BASE_URL": "portal.example"}, "PORTAL_BASE_URL"),
    "another scheme": ({"PORTAL_BASE_URL": "ftp://portal.example"}, "PORTAL_BASE_URL"),
    "a port that there is not": ({"PORTAL_BASE_URL": "http://127.0.0.1:99999"}, "PORTAL_BASE_URL"),
    "a port in letters in the address": ({"PORTAL_BASE_URL": "http://127.0.0.1:abc"}, "PORTAL_BASE_URL"),
    "a password in the address": ({"PORTAL_BASE_URL": "https://u:p@portal.example"}, "PORTAL_BASE_URL"),
    "a path": (HTTPS | {"PORTAL_BASE_URL": "https://clinic.example/portal/"}, "PORTAL_BASE_URL ends with /portal."),
    "a query": ({"PORTAL_BASE_URL": "https://portal.example?x=1"}, "PORTAL_BASE_URL"),
    "no host": ({"PORTAL_BASE_URL": "https://"}, "PORTAL_BASE_URL"),
    "plain HTTP for others": ({"PORTAL_BASE_URL": "http://portal.example"}, "PORTAL_BASE_URL"),
    "open over plain HTTP": ({"HOST": "0.0.0.0"}, "HOST"),  # noqa: S104 (a setting, not a socket)
    "open over plain HTTP by name": ({"HOST": "portal.example"}, "HOST"),
    "a port in letters": ({"PORT": "http"}, "PORT"),
    "a negative port": ({"PORT": "-1"}, "PORT"),
    "a port in other digits": ({"PORT": "٥٠٠٠"}, "PORT"),
    "port 0": ({"PORT": "0"}, "PORT"),
    "a port past the last": ({"PORT": "65536"}, "PORT"),
    "an address with half a bracket": ({"PORTAL_BASE_URL": "http://[::1"}, "PORTAL_BASE_URL"),
    "HTTPS without a word about proxies": (HTTPS | {"PORTAL_TRUSTED_PROXIES": ""}, "PORTAL_TRUSTED_PROXIES"),
    "a proxy by its name": (HTTPS | {"PORTAL_PROXY_ADDRESSES": "proxy.example"}, "PORTAL_PROXY_ADDRESSES"),
    "a network with bits of a host": (HTTPS | {"PORTAL_PROXY_ADDRESSES": "10.0.0.5/24"}, "PORTAL_PROXY_ADDRESSES"),
    "no URL": ({"PORTAL_DATABASE_URL": "my database"}, "PORTAL_DATABASE_URL"),
    "another database": ({"PORTAL_DATABASE_URL": "mysql://localhost/portal"}, "PORTAL_DATABASE_URL"),
    "a host with a blank": (HTTPS | {"PORTAL_BASE_URL": "https://portal example"}, "PORTAL_BASE_URL"),
    "a host in other letters": (HTTPS | {"PORTAL_BASE_URL": "https://pörtal.example"}, "PORTAL_BASE_URL"),
    "a host with a backslash": (HTTPS | {"PORTAL_BASE_URL": "https://portal\\example"}, "PORTAL_BASE_URL"),
    "a host with a quotation mark": (HTTPS | {"PORTAL_BASE_URL": 'https://portal"example'}, "PORTAL_BASE_URL"),
    "an address with a zone": ({"PORTAL_BASE_URL": "http://[::1%25lo]:5000"}, "PORTAL_BASE_URL"),
    "port 0 in the address": ({"PORTAL_BASE_URL": "http://127.0.0.1:0"}, "PORTAL_BASE_URL"),
    "a port of thousands of digits": ({"PORT": "9" * 5000}, "PORT"),
    "proxies by the million": (HTTPS | {"PORTAL_TRUSTED_PROXIES": "1000000"}, "PORTAL_TRUSTED_PROXIES"),
    "proxies of thousands of digits": (HTTPS | {"PORTAL_TRUSTED_PROXIES": "9" * 5000}, "PORTAL_TRUSTED_PROXIES"),
    "a log in XML": ({"PORTAL_LOG": "xml"}, "PORTAL_LOG"),
    "an observer by its name": ({"PORTAL_METRICS_FROM": "prometheus.example"}, "PORTAL_METRICS_FROM"),
    "commas for proxies": (HTTPS | {"PORTAL_PROXY_ADDRESSES": ","}, "PORTAL_PROXY_ADDRESSES"),
    "processes in words": ({"WEB_CONCURRENCY": "two"}, "WEB_CONCURRENCY"),
    "a database in memory": ({"PORTAL_DATABASE_URL": "sqlite://"}, "PORTAL_DATABASE_URL"),
    "a database in memory by name": ({"PORTAL_DATABASE_URL": "sqlite:///:memory:"}, "PORTAL_DATABASE_URL"),
    "a database's file with NUL": ({"PORTAL_DATABASE_URL": "sqlite:////tmp/%00"}, "PORTAL_DATABASE_URL"),
    "a database's port in letters": ({"PORTAL_DATABASE_URL": "postgresql+psycopg://u@h:x/d"}, "PORTAL_DATABASE_URL"),
    "a queue with half a bracket": ({"PORTAL_REDIS_URL": "redis://["}, "PORTAL_REDIS_URL"),
    "a queue's port in letters": ({"PORTAL_REDIS_URL": "redis://localhost:port"}, "PORTAL_REDIS_URL"),
    "a key in other letters": ({"PORTAL_ENCRYPTION_KEYS": "k1:schlüssel"}, "PORTAL_ENCRYPTION_KEYS"),
    "bytes in a contact": ({"PORTAL_SUPPORT_CONTACT": "help\udcff"}, "PORTAL_SUPPORT_CONTACT"),
    "bytes in a secret": ({"PORTAL_SECRET_KEY": "\udcff" + secrets.token_urlsafe(32)}, "PORTAL_SECRET_KEY"),
    "bytes in a gateway": ({"PORTAL_SMS_URL": "json://h/\udcff?:to={to}"}, "PORTAL_SMS_URL"),
    "no connections": ({"PORTAL_DATABASE_CONNECTIONS": "0"}, "PORTAL_DATABASE_CONNECTIONS"),
    "another pooler": ({"PORTAL_DATABASE_POOLER": "pgbouncer"}, "PORTAL_DATABASE_POOLER"),
    "a pooler before SQLite": ({"PORTAL_DATABASE_POOLER": "transaction"}, "PORTAL_DATABASE_POOLER is for PostgreSQL"),
    "a pooler and options of a session": (
        {"PORTAL_DATABASE_POOLER": "transaction", "PORTAL_DATABASE_URL": "postgresql+psycopg://u@h/d?options=-csearch_path%3Dx"},
        "PORTAL_DATABASE_URL has options",
    ),
    "too many connections": ({"PORTAL_DATABASE_CONNECTIONS": "101"}, "PORTAL_DATABASE_CONNECTIONS"),
    "another driver": ({"PORTAL_DATABASE_URL": "postgresql+psycopg2://localhost/portal"}, "PORTAL_DATABASE_URL"),
    "new browsers in other words": ({"PORTAL_CONFIRM_NEW_BROWSERS": "1"}, "PORTAL_CONFIRM_NEW_BROWSERS"),
    "a switch in words": ({"PORTAL_TEST_BENCH": "yes"}, "PORTAL_TEST_BENCH"),
    "proxies in words": ({"PORTAL_TRUSTED_PROXIES": "one"}, "PORTAL_TRUSTED_PROXIES"),
    "no day to answer a recovery request": ({"PORTAL_RECOVERY_PROMISE_DAYS": "0"}, "PORTAL_RECOVERY_PROMISE_DAYS"),
    "more days to answer than 10": ({"PORTAL_RECOVERY_PROMISE_DAYS": "11"}, "PORTAL_RECOVERY_PROMISE_DAYS"),
    "more days of trust than 30": ({"PORTAL_TRUSTED_BROWSER_DAYS": "31"}, "PORTAL_TRUSTED_BROWSER_DAYS"),
    "fewer days of trust than none": ({"PORTAL_TRUSTED_BROWSER_DAYS": "-1"}, "PORTAL_TRUSTED_BROWSER_DAYS"),
    "a method of nobody's": ({"PORTAL_PROVIDER_METHODS": "totp,key"}, "PORTAL_PROVIDER_METHODS"),
    "a restricted method": ({"PORTAL_PROVIDER_METHODS": "totp,sms"}, "PORTAL_PROVIDER_METHODS"),
    "no method for providers": ({"PORTAL_PROVIDER_METHODS": ""}, "PORTAL_PROVIDER_METHODS"),
    "a comma for methods": ({"PORTAL_PROVIDER_METHODS": "totp,"}, "PORTAL_PROVIDER_METHODS"),
    "a method in other letters": ({"PORTAL_PROVIDER_METHODS": "TOTP"}, "PORTAL_PROVIDER_METHODS"),
    "passkeys alone": ({"PORTAL_PROVIDER_METHODS": "passkey"}, "PORTAL_PROVIDER_METHODS"),
    "a language without a catalogue": ({"PORTAL_LANGUAGES": "en,xx"}, "PORTAL_LANGUAGES"),
    "a language that is a path": ({"PORTAL_LANGUAGES": "en,../en"}, "PORTAL_LANGUAGES"),
    "the pseudo-locale in production": (HTTPS | {"PORTAL_LANGUAGES": "en,en-XA"}, "PORTAL_LANGUAGES"),
    "a language that nobody has reviewed, in production": (HTTPS | {"PORTAL_LANGUAGES": "en,ko"}, "PORTAL_LANGUAGES names ko"),
    "languages in words": ({"PORTAL_UNREVIEWED_LANGUAGES": "yes"}, "PORTAL_UNREVIEWED_LANGUAGES"),
    "a language without the notice": ({"PORTAL_LANGUAGE_HELP": f"{NOTICES},xx"}, "PORTAL_LANGUAGE_HELP"),
    "a notice in too few languages": ({"PORTAL_LANGUAGE_HELP": NOTICES.replace(",it", "")}, "PORTAL_LANGUAGE_HELP"),
    "one language in two scripts": ({"PORTAL_LANGUAGE_HELP": NOTICES.replace("it", "zh-Hant")}, "PORTAL_LANGUAGE_HELP"),
    "a notice that nobody has reviewed": (HTTPS | {"PORTAL_LANGUAGE_HELP": f"{NOTICES},pl"}, "PORTAL_LANGUAGE_HELP names pl"),
    "a notice without a number": ({"PORTAL_LANGUAGE_HELP_PHONE": "support@portal.example"}, "PORTAL_LANGUAGE_HELP_PHONE"),
    "a comma for languages": ({"PORTAL_LANGUAGES": "en,"}, "PORTAL_LANGUAGES"),
    "a short secret": ({"PORTAL_SECRET_KEY": "hunter-2"}, "PORTAL_SECRET_KEY"),
    "a default secret": ({"PORTAL_SECRET_KEY": "changeme" * 8}, "PORTAL_SECRET_KEY"),
    "a regular secret": ({"PORTAL_SECRET_KEY": "a" * 64}, "PORTAL_SECRET_KEY"),
    "keys without a name": ({"PORTAL_ENCRYPTION_KEYS": GOOD_KEY.partition(":")[2]}, "PORTAL_ENCRYPTION_KEYS"),
    "an empty name": ({"PORTAL_ENCRYPTION_KEYS": ":" + GOOD_KEY.partition(":")[2]}, "PORTAL_ENCRYPTION_KEYS"),
    "a long name": ({"PORTAL_ENCRYPTION_KEYS": "n" * 17 + ":" + GOOD_KEY.partition(":")[2]}, "PORTAL_ENCRYPTION_KEYS"),
    "a name in other letters": ({"PORTAL_ENCRYPTION_KEYS": "schlüssel:" + GOOD_KEY.partition(":")[2]}, "PORTAL_ENCRYPTION_KEYS"),
    "no base64": ({"PORTAL_ENCRYPTION_KEYS": "k1:not base64!"}, "PORTAL_ENCRYPTION_KEYS"),
    "a short key": ({"PORTAL_ENCRYPTION_KEYS": encoded(secrets.token_bytes(16))}, "PORTAL_ENCRYPTION_KEYS"),
    "a long key": ({"PORTAL_ENCRYPTION_KEYS": encoded(secrets.token_bytes(64))}, "PORTAL_ENCRYPTION_KEYS"),
    "a key of zeros": ({"PORTAL_ENCRYPTION_KEYS": encoded(bytes(32))}, "PORTAL_ENCRYPTION_KEYS"),
    "one name twice": ({"PORTAL_ENCRYPTION_KEYS": f"{GOOD_KEY},{GOOD_KEY}"}, "PORTAL_ENCRYPTION_KEYS"),
    "no secret in production": (HTTPS | {"PORTAL_SECRET_KEY": ""}, "PORTAL_SECRET_KEY"),
    "anchors in a folder that depends on the current one": ({"PORTAL_AUDIT_ANCHORS": "anchors"}, "PORTAL_AUDIT_ANCHORS"),
    "no keys in production": (HTTPS | {"PORTAL_ENCRYPTION_KEYS": ""}, "PORTAL_ENCRYPTION_KEYS"),
    "debugging in production": (HTTPS | {"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
    "the test bench in production": (HTTPS | {"PORTAL_TEST_BENCH": "1"}, "PORTAL_TEST_BENCH"),
    "the test bench behind an open side": (HTTPS | {"PORTAL_TEST_BENCH": "1", "HOST": "0.0.0.0"}, "PORTAL_TEST_BENCH"),  # noqa: S104
    "the test bench for others": (
        {"PORTAL_BASE_URL": "https://localhost", "PORTAL_TEST_BENCH": "1", "HOST": "0.0.0.0"},  # noqa: S104
        "PORTAL_TEST_BENCH",
    ),
}


@pytest.fixture
def environment(tmp_path):
    """An environment that names a new instance folder and nothing else."""
    return {"PORTAL_INSTANCE": str(tmp_path / "instance")}


@pytest.mark.parametrize(("settings", "name"), WRONG.values(), ids=WRONG)
def test_a_wrong_setting_stops_the_start_and_is_named(environment, settings, name):
    with pytest.raises(SettingError) as refused:
        load_settings(environment | settings)
    sentence = str(refused.value)
    assert sentence.startswith(name)
    assert sentence[-1] == "." or "python -c" in sentence
    secret = settings.get("PORTAL_SECRET_KEY") or settings.get("PORTAL_ENCRYPTION_KEYS", "").partition(":")[2]
    assert not secret or secret not in sentence


def test_nothing_set_is_a_portal_for_this_machine_alone(environment, tmp_path):
    settings = load_settings(environment)
    assert settings.base_url == "http://127.0.0.1:5000"
    assert settings.database_url == f"sqlite:///{tmp_path}/instance/portal.sqlite3"
    assert (settings.is_loopback, settings.is_https, settings.test_bench, settings.trusted_proxies) == (True, False, False, 0)
    assert settings.support_contact == "support@medximity.example"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("", "http://127.0.0.1:5000"),
        ("127.0.0.1", "http://127.0.0.1:5000"),
        ("127.8.8.8", "http://127.8.8.8:5000"),
        ("localhost", "http://localhost:5000"),
        ("::1", "http://[::1]:5000"),
        ("[::1]", "http://[::1]:5000"),
    ],
)
def test_loopback_has_many_names_and_the_one_that_is_bound_is_the_one_that_is_printed(environment, host, address):
    settings = load_settings(environment | {"HOST": host, "PORTAL_TEST_BENCH": "1"})
    assert settings.test_bench and settings.base_url == settings.origins[0] == address
    assert settings.hosts >= {address.removeprefix("http://").removesuffix(":5000"), "localhost"}


def test_the_port_is_honoured(environment):
    assert load_settings(environment | {"PORT": "8080"}).base_url == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("address", "origins"),
    [
        ("http://127.0.0.1:8080", ("http://127.0.0.1:8080", "http://localhost:8080")),
        ("http://localhost:8080", ("http://localhost:8080",)),
        ("https://127.0.0.1", ("https://127.0.0.1", "https://localhost")),
        ("http://[::1]:8080", ("http://[::1]:8080", "http://localhost:8080")),
    ],
)
def test_the_origins_are_known_and_localhost_is_one_of_them(environment, address, origins):
    assert load_settings(environment | {"PORTAL_BASE_URL": address, "PORTAL_TRUSTED_PROXIES": "0"}).origins == origins


def test_in_production_everything_is_given(environment):
    old = "2026a:" + base64.b64encode(secrets.token_bytes(32)).decode()
    settings = load_settings(
        environment
        | HTTPS
        | {
            "HOST": "0.0.0.0",  # noqa: S104
            "PORTAL_BASE_URL": "https://portal.example/",
            "PORTAL_DATABASE_URL": "postgresql+psycopg://portal@db/portal",
            "PORTAL_ENCRYPTION_KEYS": f"{GOOD_KEY}, {old}",
            "PORTAL_TRUSTED_PROXIES": "1",
            "PORTAL_SUPPORT_CONTACT": "help@portal.example",
        }
    )
    assert settings.base_url == "https://portal.example"
    assert (settings.is_loopback, settings.is_https) == (False, True)
    assert [name for name, _ in settings.encryption_keys] == ["2027a", "2026a"]
    assert (settings.trusted_proxies, settings.support_contact) == (1, "help@portal.example")


def test_keys_are_made_once_and_kept_for_their_owner_alone(environment, tmp_path):
    first, second = load_settings(environment), load_settings(environment)
    assert first.secret_key == second.secret_key and first.encryption_keys == second.encryption_keys
    files = sorted((tmp_path / "instance").iterdir())
    assert [path.name for path in files] == ["encryption_keys", "secret_key"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


@pytest.mark.parametrize("name", ["secret_key", "encryption_keys"])
def test_a_key_that_is_gone_is_not_made_anew_beside_a_database_that_needs_it(environment, tmp_path, name):
    load_settings(environment)
    (tmp_path / "instance" / "portal.sqlite3").touch()
    (tmp_path / "instance" / name).unlink()
    with pytest.raises(SettingError) as refused:
        load_settings(environment)
    assert str(refused.value).startswith(f"PORTAL_{name.upper()} is missing")


def test_of_two_starts_at_once_the_first_one_s_key_is_kept(environment, tmp_path):
    path = tmp_path / "key"
    KeptKeys.keep(path, "first")
    KeptKeys.keep(path, "second")
    assert path.read_text() == "first\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_kept_key_that_was_cut_short_is_refused(environment, tmp_path):
    load_settings(environment)
    (tmp_path / "instance" / "secret_key").write_text("cut\n")
    with pytest.raises(SettingError, match="PORTAL_SECRET_KEY"):
        load_settings(environment)


@pytest.mark.parametrize(
    ("written", "names"),
    [("totp", ("totp",)), ("passkey, totp", ("passkey", "totp")), ("totp,totp", ("totp",))],
)
def test_the_methods_of_providers_are_a_list(environment, written, names):
    assert load_settings(environment | {"PORTAL_PROVIDER_METHODS": written}).provider_methods == names
    assert load_settings(environment).provider_methods is None, "every one that their policy accepts"


def test_no_method_that_providers_may_use_is_restricted():
    known = {name: import_method(name) for name in (*config.METHODS, *config.ADDITIONAL_METHODS.values())}
    assert [name for name, each in known.items() if not each.restricted] == list(config.PROVIDER_METHODS)


def test_settings_cannot_be_changed_afterwards(environment):
    with pytest.raises(dataclasses.FrozenInstanceError):
        load_settings(environment).test_bench = True


def test_the_numbers_are_those_of_the_standards():
    minutes = {
        name: getattr(config, name).total_seconds() / 60
        for name in ("SESSION_IDLE", "CLAIMANT_LIFE", "BINDING_LIFE", "REAUTHENTICATION_LIFE")
    }
    assert minutes == {"SESSION_IDLE": 15, "CLAIMANT_LIFE": 10, "BINDING_LIFE": 30, "REAUTHENTICATION_LIFE": 5}
    assert (config.TOTP_PERIOD, config.TOTP_DIGITS, config.TOTP_WINDOW, config.TOTP_SECRET_BYTES) == (30, 6, 1, 20)
    assert (config.TRIES_BEFORE_PAUSE, config.FAILURES_TO_DISABLE) == (10, 100)
    assert config.PASSWORD_MIN_ALONE == 15 and config.SESSION_LIFE.total_seconds() == 12 * 3600


def test_the_start_says_that_the_test_bench_is_on(environment, caplog):
    app = create_app(load_settings(environment | {"PORTAL_TEST_BENCH": "1"}))
    app.extensions["engine"].dispose()
    assert "the test bench is on" in caplog.text


@pytest.mark.parametrize(
    ("written", "peer"), [("::ffff:10.0.0.5", "10.0.0.5"), ("::ffff:10.1.0.0/112", "10.1.2.3"), ("fe80::1%eth0", "fe80::1%eth0")]
)
def test_a_proxy_s_address_is_known_in_every_form(environment, written, peer):
    settings = load_settings(environment | HTTPS | {"PORTAL_PROXY_ADDRESSES": written})
    assert is_within(read_client_address(peer), settings.proxies)
    assert not is_within("203.0.113.9", settings.proxies)


@pytest.mark.parametrize("days", ["0", "1", "30"])
def test_a_browser_may_be_trusted_for_0_to_30_days(environment, days):
    assert load_settings(environment | {"PORTAL_TRUSTED_BROWSER_DAYS": days}).trusted_browser_days == int(days)
    assert load_settings(environment).trusted_browser_days == 30


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Portal.Example:443", "https://portal.example"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:5000", "http://[::1]:5000"),
        ("https://portal.example:8443/", "https://portal.example:8443"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(url, origin):
    assert read_base_url({"PORTAL_BASE_URL": url}) == origin
