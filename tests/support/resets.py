"""A practice's staff at a running portal: resets, and the rows they leave."""

from tests.support import phone, wire
from tests.support.crowd import add_many
from tests.support.rows import Rows
from tests.support.wire import CODE, Wire

TEAM = "/ehr/settings/team"
RESET_FACTS = """
SELECT u.two_factor,
 (SELECT count(*) FROM authenticators a WHERE a.user_id = u.id),
 (SELECT count(*) FROM backup_code_sets s WHERE s.user_id = u.id AND s.replaced_at IS NULL),
 (SELECT count(*) FROM sessions s WHERE s.user_id = u.id AND s.ended_at IS NULL),
 (SELECT count(*) FROM links l WHERE l.user_id = u.id AND l.purpose = 'reset_set_up' AND l.used_at IS NULL),
 (SELECT count(*) FROM events e WHERE e.subject_id = u.id AND e.event = 'two_factor_reset'),
 (SELECT count(*) FROM outbox o WHERE o.user_id = u.id AND o.template = 'reset_link'),
 (SELECT count(*) FROM outbox o WHERE o.user_id = u.id AND o.template = 'two_factor_reset'),
 (SELECT count(*) FROM reset_requests r WHERE r.subject_id = u.id AND r.status = 'done')
FROM users u WHERE u.username = :username
"""
UNTOUCHED = ("on", 1, 1, 1, 0, 0, 0, 0, 0)
RESET = ("reset", 0, 0, 0, 1, 1, 1, 1, 1)


def facts_of(site, username):
    """Returns the facts of a reset for one person with one session: UNTOUCHED, RESET, or an inconsistent state."""
    return tuple(Rows(site).all(RESET_FACTS, username=username)[0])


def add_providers(site, count):
    """Creates providers at the first practice, with an authenticator app; returns their keys by name."""
    keys = add_many(site, count)
    Rows(site).change("UPDATE users SET role = 'provider', practice_id = 1 WHERE username LIKE 'crowd%'")
    return keys


def promote(site, *usernames):
    """Makes people administrators of the first practice."""
    for name in usernames:
        Rows(site).change("UPDATE users SET role = 'administrator', practice_id = 1 WHERE username = :name", name=name)


def enter(server, username, key=None):
    """Returns a browser after a complete sign-in."""
    code = phone.code_for(key) if key else wire.entry_of(server, username).code()
    browser = wire.claimant(server, username)
    answer = browser.post(CODE, code=code)
    assert answer.went_in, answer.lines
    return browser


def id_of(site, username):
    return Rows(site).one("SELECT id FROM users WHERE username = :username", username=username)


def form_of(site, username):
    """Returns the fields of the form that resets a person in their current state."""
    generation = Rows(site).one("SELECT generation FROM users WHERE username = :username", username=username)
    return {"reason": "Phone lost.", "checks": "seen_in_person", "generation": generation}


def page_of(site, username):
    return f"{TEAM}/{id_of(site, username)}/reset"


def ready(browser: Wire, site, username):
    """Opens the page that resets a person; returns a function that submits it in another tab."""
    path, form = page_of(site, username), form_of(site, username)
    assert browser.get(path).status == 200
    tab = browser.tab()
    return lambda: tab.post(path, **form)
