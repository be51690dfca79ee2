"""What is counted, by whom it may be read, and that it costs no statement and tells of nobody."""

import ast
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, event, text

from portal import clock
from portal.db import begin_write, db
from portal.flows.base.audit import record_event
from portal.watch import metrics, names
from portal.watch.names import COUNTS, MEASURES, area_of, count_of
from tests.house.source import modules
from tests.support import moments, wire
from tests.support.application import application
from tests.support.outbox import put_texts, running_worker, until
from tests.support.processes import ROOT
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.watched import READ, samples, value_of
from tests.support.wire import BACKUP_CODE, CODE, Wire
from tests.watch.test_probes import HIDING

MOST = 200  # series of one worker
MEASURED = 3 + 2 * 2 + 2 * 7 + 8 + 2 + 4 * 3 + 4 + 4  # the most of them that are measured: kinds by states, roles by states
OFF = "from portal import create_app; create_app(); import sys; sys.exit('prometheus_client' in sys.modules)"


def read(server):
    """Returns every series of a running portal."""
    answer = Wire(server).get("/metrics")
    assert answer.status == 200 and "Set-Cookie" not in dict(answer.headers)
    return samples(answer.text)


@pytest.mark.once("looks at what is imported")
def test_it_is_off_by_default_and_then_not_even_imported(site):
    with application(site) as app:
        assert app.test_client().get("/metrics").status_code == 404
    done = subprocess.run([sys.executable, "-c", OFF], env=site.environment, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("headers", HIDING, ids=str)
def test_nobody_else_sees_that_it_is_there(site, headers):
    with application(site, **READ) as app:
        answer = app.test_client().get("/metrics", headers=headers)
        assert answer.status_code in (403, 404) and "portal_" not in answer.text
        assert app.test_client().get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.2"}).status_code == 404


@pytest.mark.long
def test_the_steps_of_people_are_counted_over_all_processes_and_outlive_one(site):
    with running_server(site, workers=2, **READ) as server:
        Wire(server).sign_in("maria", "not the password of anybody")
        person = Wire(server)
        entry = wire.begin(person, "maria")
        typed = entry.code(moments.quiet())
        person.post(wire.SCAN, code=moments.wrong_codes(entry.secret, 1)[0])
        assert person.post(wire.SCAN, code=typed).location == wire.CODES
        codes = wire.codes_on(person.get(wire.CODES))
        wire.prove_saved(person, codes)
        again = wire.claimant(server, "maria")
        assert again.post(BACKUP_CODE, code="0" * 16).status == 422
        assert again.post(CODE, code=typed).status == 422, "it is used, or over by now"
        assert again.post(BACKUP_CODE, code=codes[5]).went_in
        found = read(server)
        server.kill_a_worker()
        assert until(lambda: len(server.workers()) == 2)
        later = read(server)
    told = {
        ("portal_sign_ins_total", "result"): {"signed_in": 2, "code_due": 1, "password_refused": 1},
        ("portal_set_ups_total", "step"): {"begun": 1, "verified": 1, "codes_saved": 1},
    }
    for (name, label), values in told.items():
        for value, count in values.items():
            assert value_of(found, name, **{label: value}) == count, (name, value)
            assert value_of(later, name, **{label: value}) == count, "a process that ended took it along"
    refused = [value_of(found, "portal_codes_refused_total", reason=reason) for reason in ("wrong", "used")]
    assert refused in ([2, 1], [3, 0])
    assert value_of(found, "portal_requests_total", area="sign_in", status="4xx") >= 3
    assert value_of(found, "portal_requests_total", area="set_up", status="3xx") >= 2
    count = sum(value for (name, _), value in found.items() if name == "portal_requests_total")
    assert count == sum(value for (name, _), value in found.items() if name == "portal_request_seconds_count")
    assert value_of(found, "portal_ready") == 1 and len(found) <= MOST


def test_a_series_for_everything_that_can_happen_is_less_than_two_hundred(site):
    """Every route with every kind of answer, and every event with every reason that the source names."""
    words = {node.value for module in modules() for node in module.nodes(ast.Constant) if isinstance(node.value, str)}
    words = {word for word in words if len(word) < 48 and word.replace("_", "").isalpha() and word.islower()}
    with application(site, **READ) as app:
        for rule in app.url_map.iter_rules():
            for status in (200, 303, 422, 503):
                metrics.count_request(rule.rule, status, 0.01)
        for refused in ("ok", "refused"):
            for factor in (None, "totp", "sms", "passkey", "password", "backup_code"):
                for each in words:
                    metrics.count_events([{"event": each, "result": refused, "reason": each, "factor": factor}])
                    for coded in names.CODES:
                        metrics.count_events([{"event": coded, "result": refused, "reason": each, "factor": factor}])
        found = samples(app.test_client().get("/metrics").text)
    counted = [name for name, _ in found if name not in MEASURES]
    assert 100 < len(counted) <= MOST - MEASURED
    allowed = {value for _, _, values in COUNTS.values() for value in values}
    for (name, labels), _ in found.items():
        for label, value in labels:
            assert value in allowed or label in ("area", "status", "kind", "state", "role", "two_factor", "le"), (name, labels)


def test_every_step_that_is_counted_is_an_event_of_the_source():
    """A name that no flow records would count nothing for ever."""
    words = {node.value for module in modules() if module.name.startswith("portal.flows") for node in module.nodes(ast.Constant)}
    assert {each for each in {*names.STEPS, *names.CODES} if each not in words} == set()


def test_what_was_rolled_back_is_not_counted(site):
    with application(site, **READ) as app, app.test_request_context(environ_overrides={"REMOTE_ADDR": "127.0.0.1"}):
        app.preprocess_request()
        from portal.web.browser_session import request_context

        counted = metrics.COUNTERS["portal_recoveries"].labels("lapsed")._value.get
        before = counted()
        for is_kept in (False, True):
            begin_write()
            record_event(request_context(), "recovery_lapsed")
            assert counted() == before
            db.session.commit() if is_kept else db.session.rollback()
        assert counted() == before + 1


def test_counting_asks_the_database_nothing(site):
    asked = {}
    for name, settings in {"off": {}, "on": READ}.items():
        with application(site, **settings) as app:
            heard = []
            event.listen(app.extensions["engine"], "before_cursor_execute", lambda *args, heard=heard: heard.append(args[2]))
            client = app.test_client()
            for _ in range(2):
                page = client.get("/sign-in").text
                token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
                client.post("/sign-in", data={"csrf_token": token, "username": "nobody", "password": "nothing"})
            asked[name] = len(heard)
    assert asked["on"] == asked["off"] > 0


def test_what_the_database_knows_is_measured(site):
    rows = Rows(site)
    with application(site, **READ) as app:
        put_texts(app, clock.now() - timedelta(minutes=7), ["one", "two"], timedelta(minutes=10))
        rows.change("UPDATE users SET codes_paused_until = '2999-01-01' WHERE username = 'sam'")
        found = samples(app.test_client().get("/metrics").text)
        if not value_of(found, "portal_accounts", role="patient", two_factor="off"):  # measured by another thread
            assert until(lambda: app.test_client().get("/metrics").text.count("portal_accounts{"))
            found = samples(app.test_client().get("/metrics").text)
    for role, state, count in rows.all("SELECT role, two_factor, count(*) FROM users WHERE disabled_at IS NULL GROUP BY 1, 2"):
        assert value_of(found, "portal_accounts", role=role, two_factor=state) == count
    assert value_of(found, "portal_queue_messages", kind="text") == 2
    assert 420 <= value_of(found, "portal_queue_oldest_seconds", kind="text") < 440
    assert value_of(found, "portal_messages", kind="text", state="queued") == 2
    assert value_of(found, "portal_accounts_paused", role="patient") == 1
    assert set(MEASURES) - {name for name, _ in found} <= {"portal_worker_seen_age_seconds", "portal_recoveries_open"}


def test_an_account_is_one_phone_from_lockout_without_codes_and_with_one_way(site):
    rows = Rows(site)
    with application(site, **READ) as app:
        counted = lambda: read_once(app)  # noqa: E731
        before = counted()
        rows.change("UPDATE backup_codes SET used_at = '2026-01-01' WHERE set_id IN (SELECT s.id FROM backup_code_sets s"
                    " JOIN users u ON u.id = s.user_id WHERE u.username = 'sam')")  # fmt: skip
        after = counted()
    assert after - before == 1


def read_once(app):
    """Returns how many patients are one lost phone from lockout, measured anew."""
    from portal.watch.numbers import read_accounts

    with app.extensions["engine"].connect() as connection:
        return read_accounts(connection, clock.now())["portal_accounts_one_phone_from_lockout"][("patient",)]


def test_a_worker_is_seen(site):
    with application(site, **READ) as app:
        assert "portal_worker_seen_age_seconds" not in app.test_client().get("/metrics").text
    with running_worker(site), application(site, **READ) as app:
        assert until(lambda: app.extensions["queue"].worker_seen())
        found = samples(app.test_client().get("/metrics").text)
    assert 0 <= value_of(found, "portal_worker_seen_age_seconds") < 60 and ("portal_worker_seen_age_seconds", ()) in found


def test_a_database_that_is_away_leaves_its_numbers_out(site):
    with application(site, **READ) as app:
        app.extensions["migrations_engine"] = create_engine("sqlite:////no/such/folder")
        began = time.monotonic()
        found = samples(app.test_client().get("/metrics").text)
        assert time.monotonic() - began < 2
    assert value_of(found, "portal_ready") == 0 and not [name for name, _ in found if name.startswith("portal_accounts")]


def test_a_statement_that_takes_too_long_is_ended(site, monkeypatch):
    from portal.watch import numbers

    monkeypatch.setattr(numbers, "STATEMENT_MILLISECONDS", 200)
    endless = "SELECT count(*) FROM users a, users b, users c, users d, users e, users f, users g, users h"
    with application(site, **READ) as app, app.extensions["migrations_engine"].connect() as connection:
        numbers.bound(connection)
        began = time.monotonic()
        with pytest.raises(Exception, match=r"interrupted|timeout"):
            connection.execute(text(endless))
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("happened", "counted"),
    [
        (("authn_login_fail", True, "sign_in_wrong", "password"), ("portal_sign_ins", "password_refused")),
        (("authn_login_fail", True, "passkey_copied", "passkey"), ("portal_codes_refused", "key")),
        (("authenticator_binding", True, "wrong_clock", "totp"), ("portal_codes_refused", "wrong")),
        (("authn_login_fail", True, "never heard of", "totp"), ("portal_codes_refused", "other")),
        (("authenticator_binding", True, "set_up_expired", None), ("portal_set_ups", "expired")),
        (("authn_login_lock", True, "throttled", "backup_code"), ("portal_locks", "backup_codes")),
        (("authn_login_lock", True, "throttled", None), ("portal_locks", "codes")),
        (("authenticator_disabled", True, "strangers", "totp"), ("portal_locks", "authenticator")),
        (("recovery_asked", False, None, None), ("portal_recoveries", "asked")),
        (("recovery_asked", True, "not_possible", None), None),
        (("recovery_refused", True, "x", None), ("portal_recoveries", "refused")),
        (("signed_out", False, None, None), None),
    ],
)
def test_what_an_event_counts_as(happened, counted):
    assert count_of(*happened) == counted


@pytest.mark.parametrize(
    ("route", "area"),
    [
        ("/account/security/two-factor/<name>/<step>", "set_up"), ("/ehr/settings/account-security/two-factor", "set_up"),
        ("/sign-in/code", "sign_in"), ("/support/tickets", "support"), ("/not-me/<token>", "other"), (None, "other"),
    ],
)  # fmt: skip
def test_which_area_a_route_belongs_to(route, area):
    assert area_of(route) == area
