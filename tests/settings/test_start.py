"""A start that the machine refuses ends with one sentence that names the setting; a folder that is not needed stops nothing."""

import base64
import contextlib
import secrets
import socket
import sqlite3
import subprocess
import sys

import pytest

from portal import create_app
from portal.engines import check_database, check_sqlite, make_engine
from portal.settings import config, postgres
from portal.settings.addresses import SettingError
from portal.settings.environment import load_settings
from tests.support.outbox import running_worker, until
from tests.support.processes import ROOT, Fork
from tests.support.server import free_port, running_server
from tests.support.wire import Wire

NOT_WRITABLE = "/proc/portal"  # nobody may make a folder there, root neither, as on a file system mounted read-only
START_SECONDS = 60
ENCRYPTION = {"PORTAL_ENCRYPTION_KEYS": "k1:" + base64.b64encode(secrets.token_bytes(32)).decode()}


def run_limited(site, limit, words, settings):
    """Runs `python -m words` on a site. `limit`: how large files may become, in blocks, as on a full disk."""
    given = {"PORT": str(free_port()), "PYTHONDONTWRITEBYTECODE": "1"}  # Python would keep compiled files that were cut off
    command, rest = (
        f'ulimit -f {limit}; exec "{sys.executable}" -m {words}',
        {"capture_output": True, "text": True, "check": False},
    )
    return subprocess.run(["sh", "-c", command], env=site.environment | given | settings, cwd=ROOT, timeout=START_SECONDS, **rest)


def run_forked(site, words, settings):
    """Runs `python -m words` on a site, without the second of imports and without limits."""
    out, err = site.folder / "out", site.folder / "err"
    for each in (out, err):
        each.unlink(missing_ok=True)
    process = Fork(words.split(), site.environment | {"PORT": str(free_port())} | settings, out, err)
    try:
        code = process.wait(START_SECONDS)
    finally:
        process.kill()
    return subprocess.CompletedProcess(words, code, out.read_text(), err.read_text())


def refused(site, limit=None, **settings):
    """Returns the sentence that a start ended with."""
    words = "gunicorn wsgi:app"
    done = run_limited(site, limit, words, settings) if limit else run_forked(site, words, settings)
    told = [line for line in done.stderr.splitlines() if line.startswith("The portal did not start. ")]
    assert done.returncode == 3 and len(told) == 1 and "Traceback" not in done.stderr, done.stderr
    return told[0].removeprefix("The portal did not start. ")


def keys(site):
    """Returns the site's keys as environment variables."""
    return {f"PORTAL_{name.upper()}": (site.folder / name).read_text().strip() for name in ("secret_key", "encryption_keys")}


@pytest.mark.parametrize("place", [NOT_WRITABLE, "{folder}/file/instance", "{folder}/file", "{folder}/" + "n" * 300])
def test_an_instance_folder_that_cannot_be_used_is_named(tmp_path, place):
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match=r"^PORTAL_INSTANCE: .*can't be used .*\.$"):
        create_app(load_settings({"PORTAL_INSTANCE": place.format(folder=tmp_path)}))


def test_kept_keys_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "secret_key").mkdir()
    with pytest.raises(SettingError, match=r"^PORTAL_INSTANCE: .*secret_key can't be used"):
        load_settings({"PORTAL_INSTANCE": str(tmp_path)})
    (tmp_path / "secret_key").rmdir()
    (tmp_path / "secret_key").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingError, match=r"^PORTAL_SECRET_KEY: .*Restore it"):
        load_settings({"PORTAL_INSTANCE": str(tmp_path)})


def test_without_an_own_folder_and_without_a_current_one_the_start_says_so(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(SettingError, match=r"^PORTAL_INSTANCE: the current folder can't be used"):
        load_settings({})


@pytest.mark.parametrize("place", ["{folder}/nowhere/portal.sqlite3", "{folder}", "/proc/portal.sqlite3", "{folder}/text"])
def test_a_sqlite_file_that_cannot_be_used_is_named(tmp_path, place):
    (tmp_path / "text").write_text("This is no database, although it is long enough to be one. " * 20)
    engine = make_engine(f"sqlite:///{place.format(folder=tmp_path)}", {})
    with pytest.raises(SettingError, match=r"^PORTAL_DATABASE_URL: .*can't be used .*\.$"):
        check_sqlite(engine)
    engine.dispose()


def test_a_locked_sqlite_file_stops_no_start_and_a_good_one_is_not_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "DATABASE_WAIT_SECONDS", 0.1)
    engine = make_engine(f"sqlite:///{tmp_path}/portal.sqlite3", {})
    with contextlib.closing(sqlite3.connect(tmp_path / "portal.sqlite3", isolation_level=None)) as other:
        other.execute("PRAGMA user_version = 7")
        check_sqlite(engine)
        assert other.execute("PRAGMA user_version").fetchone() == (7,)
        other.execute("BEGIN IMMEDIATE")
        check_sqlite(engine)
    engine.dispose()


@pytest.mark.parametrize("limit", ["0", "16"])
def test_a_full_disk_stops_the_first_start_with_a_sentence(sites, tmp_path, limit):
    new = sites.empty()
    settings = {"PORTAL_DATABASE_URL": f"sqlite:///{new.folder}/portal.sqlite3"}
    assert refused(new, limit, **settings).startswith(
        "PORTAL_INSTANCE: " if limit == "0" else ("PORTAL_INSTANCE: ", "PORTAL_DATABASE_URL: ")
    )
    sites.remove(new)


def test_a_full_disk_stops_a_later_start_with_a_sentence(site):
    settings = keys(site) | {"PORTAL_INSTANCE": NOT_WRITABLE, "PORTAL_DATABASE_URL": f"sqlite:///{site.folder}/another.sqlite3"}
    assert refused(site, "0", **settings).startswith("PORTAL_DATABASE_URL: ")


def test_a_disk_that_fills_up_during_a_migration_is_told_in_a_sentence(site):
    settings = keys(site) | {"PORTAL_INSTANCE": NOT_WRITABLE, "PORTAL_DATABASE_URL": f"sqlite:///{site.folder}/another.sqlite3"}
    done = run_limited(site, "100", "flask --app wsgi db upgrade", settings)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "Error: PORTAL_DATABASE_URL: the database is unreachable, busy, full, " in done.stderr


def test_a_migration_that_there_is_not_is_told_in_a_sentence(site):
    done = run_forked(site, "flask --app wsgi db upgrade 9999", {})
    assert done.returncode == 1 and "9999" in done.stderr and "Traceback" not in done.stderr


def test_a_port_in_use_is_named_and_so_is_an_address_of_another_machine(site):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert refused(site, PORT=port).startswith(f"PORT: 127.0.0.1:{port} can't be served")
    https = keys(site) | {"PORTAL_BASE_URL": "https://portal.example", "PORTAL_TRUSTED_PROXIES": "1", "PORTAL_TEST_BENCH": "0"}
    assert refused(site, HOST="192.0.2.1", **https).startswith("HOST: 192.0.2.1:")
    for name in ("no-such-host.invalid", "a..b", "a" * 70, "unix"):
        assert refused(site, HOST=name, **https).startswith(f"HOST: {name}:")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql+psycopg://u@127.0.0.1:1/d?nonsense=1", "PORTAL_DATABASE_URL"),
        ("redis://127.0.0.1:1/0?socket_timeout=soon", "PORTAL_REDIS_URL"),
    ],
)
def test_an_option_that_the_driver_does_not_know_is_named(site, url, name):
    assert refused(site, **keys(site), **{name: url}).startswith(name)


@pytest.mark.parametrize("options", ["", "?connect_timeout=3&sslmode=require&prepare_threshold=5&host=/run/a&host=/run/b"])
def test_a_postgresql_server_that_is_away_stops_no_start(options):
    engine = make_engine(f"postgresql+psycopg://u:p@127.0.0.1:1/d{options}", postgres.engine_options(1))
    check_database(engine)
    engine.dispose()


def test_no_connection_is_left_open_that_processes_forked_afterward_would_share(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path}/new.sqlite3", {})
    check_database(engine)
    assert engine.pool.checkedin() == 0


@pytest.mark.parametrize(
    ("package", "url", "name"),
    [("psycopg", "postgresql+psycopg://u@h/d", "PORTAL_DATABASE_URL"), ("redis", "redis://h", "PORTAL_REDIS_URL")],
)
def test_a_driver_that_is_not_installed_is_named(monkeypatch, tmp_path, package, url, name):
    monkeypatch.setitem(sys.modules, package, None)
    settings = load_settings(
        {"PORTAL_INSTANCE": str(tmp_path), "PORTAL_SECRET_KEY": secrets.token_urlsafe(32), name: url} | ENCRYPTION
    )
    with pytest.raises(SettingError, match=f"{name} needs {package}"):
        create_app(settings)


def test_a_word_for_the_worker_is_named(site):
    assert refused(site, PORTAL_WORKER="yes").startswith("PORTAL_WORKER")


@pytest.mark.parametrize("processes", ["0", "1000"])  # gunicorn itself refuses words, before it reads our settings
def test_a_wrong_number_of_processes_is_named(site, processes):
    assert refused(site, WEB_CONCURRENCY=processes).startswith("WEB_CONCURRENCY")


def test_with_keys_and_database_from_the_environment_no_folder_is_needed(site, mail_server):
    settings = keys(site) | {"PORTAL_INSTANCE": NOT_WRITABLE, "PORTAL_SMTP_URL": mail_server.url}
    with running_server(site, **settings) as server:
        assert Wire(server).sign_in("maria").location == "/home"
        assert Wire(server).get("/static/portal.css").status == 200
        log = server.log.read_text()
    assert "messages wait a minute" in log and "served uncompressed" in log and "Traceback" not in log
    with running_worker(site, **settings):
        assert until(lambda: mail_server.subjects() == ["Sign-in from a new browser"])
