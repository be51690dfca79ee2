"""The whole server is killed while a recovery's link is used: all that it ends has ended, or nothing happened."""

from functools import partial

from portal import clock, create_app
from portal.db import begin_write, db
from portal.flows.base import links
from portal.flows.base.context import RequestContext
from portal.models import RecoveryCase, User
from portal.settings import config
from portal.settings.environment import load_settings
from tests.kills.test_in_the_middle import DELAYS, post_and_kill
from tests.support.crowd import add_many
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import PASSWORD, Wire

FACTS = """
SELECT u.two_factor, u.generation,
 (SELECT count(*) FROM authenticators a WHERE a.user_id = u.id),
 (SELECT count(*) FROM backup_code_sets s WHERE s.user_id = u.id AND s.replaced_at IS NULL),
 (SELECT count(*) FROM events e WHERE e.subject_id = u.id AND e.event = 'recovery_set_up'),
 (SELECT count(*) FROM outbox o WHERE o.user_id = u.id AND o.template = 'recovery_set_up'),
 (SELECT c.state FROM recovery_cases c WHERE c.user_id = u.id)
FROM users u WHERE u.username = :name
"""
UNTOUCHED, SET_UP = ("on", 0, 1, 1, 0, 0, "ready"), ("reset", 1, 0, 0, 1, 1, "setting_up")


def make_ready(site, names):
    """Gives each person a case whose link was mailed; returns the links' paths by name."""
    app, paths = create_app(load_settings(site.environment)), {}
    with app.app_context():
        context = RequestContext(clock.now(), app.extensions["keys"], "", "", "x")
        begin_write()
        for name in names:
            user = db.session.query(User).filter_by(username=name).one()
            now = {"state_since": context.now, "opened_at": context.now, "code_until": context.now, "password_at": context.now}
            case = RecoveryCase(user_id=user.id, generation=user.generation, state="ready", code_seed="x", **now)
            db.session.add(case)
            db.session.flush()
            token = links.make_mailable_link(context, user, links.RECOVERY, config.RESET_LINK_LIFE, case=case.id)
            paths[name] = f"/recovery/set-up/{token}"
        db.session.commit()
    app.extensions["engine"].dispose()
    return paths


def test_a_kill_while_the_link_is_used_leaves_all_or_nothing(site):
    """The kill comes a little later each time; link and password go on from whatever it left."""
    names = sorted(add_many(site, len(DELAYS)))
    facts = Rows(site)
    paths = make_ready(site, names)

    def facts_of(name):
        return tuple(facts.all(FACTS, name=name)[0])

    with running_server(site, workers=2) as server:
        for delay, name in zip(DELAYS, names, strict=True):
            tabs = [Wire(server), Wire(server)]
            assert [tab.get(paths[name]).status for tab in tabs] == [200, 200]
            post_and_kill(server, delay, *[partial(tab.post, paths[name], password=PASSWORD) for tab in tabs])
            assert facts_of(name) in (UNTOUCHED, SET_UP)
            server.start()
            again = Wire(server)
            assert again.send(paths[name], password=PASSWORD).location == "/account/security/two-factor"
            assert facts_of(name) == SET_UP
