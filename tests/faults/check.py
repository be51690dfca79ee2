"""After a round: database, audit trail, gateways, and what people were told agree; nothing spent opens again; everybody gets in."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.cluster.daemon import until
from tests.faults.ledger import PERIOD, Ledger, Unsure, step_now
from tests.faults.people import APP, BACKUP, SET_UP, TEXT
from tests.support.rows import BEGUN, OFF, ON
from tests.support.wire import BACKUP_CODE, CODE, Wire

EVENTS = """SELECT u.username, count(*) FROM events e JOIN users u ON u.id = e.subject_id
 WHERE u.username LIKE :round AND e.event = 'authn_login_success' AND e.factor = :factor GROUP BY u.username"""
SESSIONS = """SELECT u.username, count(*) FROM sessions s JOIN users u ON u.id = s.user_id
 WHERE u.username LIKE :round AND s.level = 'aal2' GROUP BY u.username"""
STEPS = """SELECT u.username, CAST(a.remembered ->> 'last_step' AS bigint) FROM authenticators a JOIN users u ON u.id = a.user_id
 WHERE u.username LIKE :round AND a.method = 'totp'"""
USED = """SELECT u.username, count(*) FROM backup_codes c JOIN backup_code_sets s ON s.id = c.set_id JOIN users u ON u.id = s.user_id
 WHERE u.username LIKE :round AND c.used_at IS NOT NULL GROUP BY u.username"""
TEXTS = """SELECT u.username, count(*) FROM outbox o JOIN users u ON u.id = o.user_id
 WHERE u.username LIKE :round AND o.kind = 'text' GROUP BY u.username"""
WAITING = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'claimed')"
SENT = "SELECT count(*) FROM outbox WHERE kind = :kind AND state = 'sent'"
QUIET_SECONDS = 300  # the lease of an email, two minutes, and the sweep after it
TRIES, AT_ONCE = 12, 6


class Found:
    """What does not agree in one round, in words, and how much was compared."""

    def __init__(self):
        self.lost, self.doubled, self.replayed, self.locked_out = [], [], [], []
        self.compared, self.lock = Counter(), threading.Lock()

    def count(self, what):
        """Counts one more of what was compared."""
        with self.lock:
            self.compared[what] += 1

    def by_name(self):
        return {"lost": self.lost, "doubled": self.doubled, "replayed": self.replayed, "locked out": self.locked_out}

    def bad(self):
        return [line for lines in self.by_name().values() for line in lines]


def check_round(here, rows, number, ledgers):
    """Returns a Found for a round whose fault is over."""
    found = Found()
    texts = Counter(dict(map(tuple, rows.all(TEXTS, round=f"r{number}.%"))))  # before a password in a replay sends more
    replay(here, ledgers, found)  # first, while codes are still within their time
    compare(rows, f"r{number}.%", ledgers, texts, found)
    compare_texts(here, ledgers, found)
    let_everybody_in(here, ledgers, found)
    return found


def compare(rows, pattern, ledgers, texts, found):
    """Compares each ledger with the database: what was told is there, and nothing is there that nobody asked for."""

    def counted(statement, **more):
        return Counter(dict(map(tuple, rows.all(statement, round=pattern, **more))))

    by_app, by_text, by_backup = (counted(EVENTS, factor=factor) for factor in ("totp", "sms", "backup_code"))
    sessions, steps, used = (counted(each) for each in (SESSIONS, STEPS, USED))
    for each in ledgers:
        name, told = each.person.username, each.told
        found.lost += [f"{name}: {line}" for line in each.lines]
        for what, there in (("app", by_app), ("sms", by_text), ("backup", by_backup), ("text", texts)):
            bounds(found, each, what, there[name])
        if each.steps and steps[name] < max(each.steps):
            found.lost.append(f"{name}: told step {max(each.steps)} is right, {steps[name]} is the last that is spent")
        if each.person.kind == BACKUP and used[name] != by_backup[name]:
            found.doubled.append(f"{name}: {used[name]} backup codes are spent, by {by_backup[name]} sign-ins")
        if sessions[name] < told["app yes"] + told["sms yes"] + told["backup yes"]:
            found.lost.append(f"{name}: {sessions[name]} sessions, {dict(told)}")
        if each.person.kind == SET_UP:
            check_set_up(rows.state(name), each, found)
        found.compared["answers"] += sum(told.values())


def bounds(found, ledger, what, there):
    """Whoever was told yes has it; whoever has it was told yes, or nothing."""
    told = ledger.told
    asked = "password" if what == "text" else what  # a right password sends the text, unless the last one is a minute old
    least, most = told[f"{what} yes"], sum(told[f"{asked} {word}"] for word in ("yes", "lost", "busy"))
    if there < least:
        found.lost.append(f"{ledger.person.username}: told {what} {least} times, {there} in the audit trail")
    if there > most:
        found.doubled.append(f"{ledger.person.username}: {what} {there} times in the database, told {dict(told)}")


def check_set_up(state, ledger, found):
    """Two-factor authentication is on, whole, for whoever was told so, and on or off, but whole, for whoever was told nothing."""
    name, told = ledger.person.username, ledger.told
    allowed = {ON} if told["on yes"] or told["app yes"] else {ON, BEGUN, OFF}
    if tuple(state) not in allowed:
        found.lost.append(f"{name}: {tuple(state)}, told {dict(told)}")


def compare_texts(here, ledgers, found):
    """No text went out twice, and nobody's code was right that no text had."""
    words = Counter((number, text) for number, text, _ in list(here.gateway.taken))
    found.doubled += [f"a text went to {number} {count} times" for (number, _), count in words.items() if count > 1]
    told = sum(each.told["sms yes"] for each in ledgers)
    arrived = sum(len(here.texts(each.person.number)) for each in ledgers if each.person.kind == TEXT)
    if arrived < told:
        found.lost.append(f"{told} codes from texts were right, {arrived} texts arrived")


def compare_messages(here, rows):
    """Returns a Found for all messages of all rounds, once none waits: each is sent once, or its end is known."""
    found = Found()
    if not until(lambda: not rows.one(WAITING), QUIET_SECONDS, 0.5):
        found.lost.append(f"{rows.one(WAITING)} messages still wait after {QUIET_SECONDS} s")
    ids = Counter((to, message["Message-ID"]) for to, message, _ in list(here.mail.box))
    here.repeated = sum(count - 1 for count in ids.values())
    for kind, arrived in (("mail", len(ids)), ("text", len(here.gateway.taken))):
        sent = rows.one(SENT, kind=kind)
        if arrived < sent:
            found.lost.append(f"{sent} messages of the kind {kind} are said to be sent, {arrived} arrived")
    return found


def replay(here, ledgers, found):
    """Sends every spent code again, each from a new browser: none of them may open anything."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda each: replay_codes(here, each, found), ledgers))


def replay_codes(here, ledger, found):
    """Sends one person's spent codes again."""
    spent = [(CODE, ledger.code(step)) for step in ledger.steps]
    spent += [(BACKUP_CODE, code) for code in ledger.spent] + [(CODE, code) for code in ledger.typed]
    for path, code in spent:
        stranger = again(here, ledger)
        answer = persist(lambda there=stranger, path=path, code=code: type_again(there, path, code))
        found.count("replays")
        if answer is None:
            found.lost.append(f"{ledger.person.username}: no answer to a replay")
        elif answer.went_in:
            found.replayed.append(f"{ledger.person.username}: a spent code opened the account")


def again(here, ledger):
    """Returns the same person in a new browser, with a ledger of its own."""
    return Ledger(ledger.person, Wire(here.front, ip=ledger.wire.ip), here.texts, tried=set(ledger.tried))


def type_again(ledger, path, code):
    """Submits a code after the password; returns the answer, or None if the password had none."""
    if not ledger.give_password():
        return None
    ledger.ask("page", lambda: ledger.wire.get(path))
    return ledger.ask("replay", lambda: ledger.wire.post(path, code=code))


def persist(deed):
    """Returns what a deed returns once an answer comes."""
    for _ in range(TRIES):
        try:
            if (answer := deed()) is not None:
                return answer
        except Unsure:
            pass
        time.sleep(0.5)
    return None


def let_everybody_in(here, ledgers, found):
    """Everybody signs in once more: by the app, or, whose way is a text, by a backup code, since texts keep a minute's distance."""
    has_way = [each for each in ledgers if each.person.kind != SET_UP or each.steps]  # or it is off, or its key was never proved
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda each: let_in(here, each, found), has_way))


def let_in(here, ledger, found):
    """Signs one person in once more."""
    fresh = again(here, ledger)
    way = fresh.by_app if ledger.person.kind in (APP, SET_UP) else fresh.by_backup_code
    found.count("sign-ins afterward")

    def once():
        until(lambda: max(fresh.tried, default=0) <= step_now(), 2 * PERIOD)  # the phone shows a code that was not tried
        return way() or None

    if not persist(once):
        found.locked_out.append(f"{ledger.person.username}: {dict(fresh.told)}")
