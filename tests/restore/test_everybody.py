"""Backup and restore by the commands of docs/operating.md: dumped under load, restored on another server, and every account signs in."""

import shutil
import threading
from types import SimpleNamespace

import pytest

from portal import methods
from portal.flows.operator import demo
from tests.faults.check import again, type_again
from tests.faults.everybody import demo_people, ledgers_of, who_stays_out
from tests.faults.ledger import Unsure
from tests.faults.people import APP, BACKUP, SET_UP, TEXT, make_people
from tests.support.application import application
from tests.support.client import Browser
from tests.support.database_role import as_role
from tests.support.documented import operators_command
from tests.support.hashing import cheap_hashes
from tests.support.outbox import running_worker, until
from tests.support.passkeys import ORIGIN, Passkey, hand_in, options
from tests.support.people import Person
from tests.support.postgres import running_postgres
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.sites import Site
from tests.support.wire import BACKUP_CODE, CODE

CROWD, KEYED = {APP: 4, BACKUP: 3, TEXT: 3, SET_UP: 3}, {SET_UP: 2}
KEPT_CODES, ENOUGH = 3, 5
PATIENCE = 60
SESSIONS = "SELECT count(*) FROM sessions"
KEYS = ("encryption_keys", "secret_key")


def keep_coming(ledger, is_over):
    """One person, who signs in as long as it lasts, and with what they have: the password, or a code that is good once."""
    while not is_over.is_set():
        try:
            ways = {APP: ledger.by_app, BACKUP: ledger.by_backup_code, SET_UP: ledger.set_up}
            ways.get(ledger.person.kind, ledger.give_password)()
        except Unsure:
            continue
        if ledger.person.kind in (APP, SET_UP) or 0 < len(ledger.person.codes) <= KEPT_CODES:
            return


def make_passkeys(app, people):
    """Returns username -> passkey of people who have nothing else."""
    made = {}
    for each in people:
        browser = Browser(app)
        browser.enter(Person(each.username, demo.PASSWORD, ""))
        browser.open("/account/security/two-factor")
        browser.choose("Passkey")
        browser.press("Continue")
        made[each.username] = Passkey(ORIGIN, count=1)
        hand_in(browser, "Create a passkey", made[each.username].create(options(browser)))
    return made


def use_passkeys(site, made):
    """Returns the usernames of those who sign in with their passkeys."""
    entered = set()
    with application(site, PORTAL_PASSKEYS="1") as app:
        for name, passkey in made.items():
            browser = Browser(app)
            browser.sign_in(Person(name, demo.PASSWORD, ""))
            assert browser.path == CODE
            hand_in(browser, "Use your passkey", passkey.answer(options(browser)))
            entered |= {name} if browser.path == "/home" else set()
    return entered


def restore(dump, site, folder, other):
    """Restores a dump as the documents say, on a server that knows neither its database nor its roles; returns the restored site."""
    other.program("createuser", "portal")
    other.program("createuser", "portal_app")
    other.program("createdb", *operators_command("createdb"))
    other.program("pg_restore", *operators_command("pg_restore", portal_dump=dump), user="portal")
    folder.mkdir()
    for name in KEYS:
        shutil.copy(site.folder / name, folder)
    owner = as_role(Site(folder, other.url("portal")), "portal")
    assert owner.flask("db", "upgrade") == ""
    owner.flask("audit", "grants", "portal_app", "--apply")
    return as_role(owner, "portal_app")


def dump_under_load(site, ledgers, postgres, file):
    """Takes the dump while everybody comes."""
    is_over = threading.Event()
    threads = [threading.Thread(target=keep_coming, args=(each, is_over), daemon=True) for each in ledgers]
    for each in threads:
        each.start()
    assert until(lambda: Rows(site).one(SESSIONS) >= ENOUGH, PATIENCE)
    spent = [(each, code) for each in ledgers for code in list(each.spent)]
    postgres.program("pg_dump", *operators_command("pg_dump", portal=site.folder.name, portal_dump=str(file)))
    then = Rows(site).one(SESSIONS)
    assert until(lambda: Rows(site).one(SESSIONS) >= then + ENOUGH, PATIENCE)
    is_over.set()
    for each in threads:
        each.join()
    return spent


@pytest.mark.long
@pytest.mark.postgresql
def test_all_accounts_sign_in_at_a_database_that_was_dumped_while_people_signed_in(
    site, under_role, postgres, gateway, tmp_path, monkeypatch
):
    monkeypatch.setattr(methods, "ADDITIONAL", [])
    file, here = tmp_path / "copy.dump", SimpleNamespace(texts=gateway.texts_to)
    with application(site, PORTAL_PASSKEYS="1") as app, cheap_hashes():
        people, keyed = demo_people(app) + make_people(app, 0, CROWD), make_people(app, 1, KEYED)
        passkeys = make_passkeys(app, keyed)
    with running_server(under_role) as here.front:
        ledgers = ledgers_of(people, here, 2)
        spent = dump_under_load(site, [each for each in ledgers if each.person.kind != TEXT], postgres, file)
    with running_postgres() as other:
        restored = restore(str(file), site, tmp_path / "elsewhere", other)
        rows = Rows(restored)
        assert ENOUGH <= rows.one(SESSIONS) < Rows(site).one(SESSIONS), "nobody came before the dump, or nobody after it"
        texts = {"PORTAL_SMS_URL": gateway.url()}
        with running_server(restored, **texts) as here.front, running_worker(restored, **texts):
            assert who_stays_out(here, ledgers) == []
            assert [code for each, code in spent if goes_in_again(here, each, code)] == []
        entered = {each.username for each in people} | use_passkeys(restored, passkeys)
        assert entered == {name for (name,) in rows.all("SELECT username FROM users")}
        assert "unchanged" in restored.flask("audit", "verify")
        print(f"\n{len(entered)} of {len(entered)} accounts signed in.")


def goes_in_again(here, ledger, code):
    """Returns whether a backup code that was spent before the dump opens the restored account."""
    answer = type_again(again(here, ledger), BACKUP_CODE, code)
    return answer is None or answer.went_in
