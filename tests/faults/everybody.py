"""All accounts of a database as people who sign in: by password alone, an app, a backup code, or a texted code."""

from concurrent.futures import ThreadPoolExecutor

from portal.flows.operator import demo
from tests.cluster.daemon import until
from tests.faults.check import AT_ONCE, again, persist
from tests.faults.ledger import Ledger, step_now
from tests.faults.people import APP, BACKUP, SET_UP, TEXT, Person
from tests.support.people import read_keys
from tests.support.wire import Wire

OFF = "password alone"
PERIODS = 60  # seconds, in which a phone shows a code that was not tried


def demo_people(app):
    """Returns the demo accounts, each with the key in its owner's app."""
    known = read_keys(app)
    return [Person(each.username, APP if each.on else OFF, known.get(each.username, "")) for each in demo.PEOPLE]


def ledgers_of(people, here, net):
    """Returns a ledger for each, at an address of their own in 127.`net`.0.0/16."""
    return [Ledger(each, Wire(here.front, ip=f"127.{net}.{at}.1"), here.texts) for at, each in enumerate(people, 1)]


def who_stays_out(here, ledgers):
    """Signs everybody in once more, each in a new browser at another portal; returns those who did not get in, with what they were told."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [line for line in pool.map(lambda each: why_out(here, each), ledgers) if line]


def why_out(here, ledger):
    """Signs one person in once more; returns "" or what they were told."""
    fresh = again(here, ledger)
    if persist(lambda: goes_in(fresh) or None):
        return ""
    return f"{ledger.person.username} ({ledger.person.kind}): {dict(fresh.told)}"


def goes_in(ledger):
    """Signs one person in by what they have; returns whether they are in."""
    until(lambda: max(ledger.tried, default=0) <= step_now(), PERIODS)
    kind = ledger.person.kind
    if kind in (BACKUP, TEXT):
        way = {BACKUP: ledger.by_backup_code, TEXT: ledger.by_text}[kind]
        return way()
    if kind in (OFF, SET_UP) and not ledger.give_password():  # of a set-up, the dump may have any step
        return "Sign out" in ledger.ask("page", lambda: ledger.wire.open("/")).lines
    return ledger.by_app()
