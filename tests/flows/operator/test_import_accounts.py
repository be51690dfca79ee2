"""`accounts import`: a file of accounts, checked as the forms check, safe to run twice, with a report of what to correct."""

import csv
import signal
from dataclasses import replace

import pytest
from sqlalchemy import update

from portal.flows.operator.account_rows import AccountRow
from portal.flows.operator.import_accounts import Importer
from portal.flows.operator.operator_events import command_context
from portal.models import Event, User
from portal.settings import operation
from tests.support.mailbox import mails
from tests.support.outbox import until
from tests.support.processes import Fork
from tests.support.rows import Rows

HEADER = "username,name,email,role,practice,phone\n"
PAT = "pat,Pat Doe,pat@example.test,,,\n"
NEW_PASSWORD = "quilted otter marmalade"


@pytest.fixture
def run(app, tmp_path, monkeypatch):
    """Imports a file with these lines, where texts may go to Korea too; returns (exit code, standard output, standard error)."""
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], text_countries=("US", "CA", "KR")))

    def run(content, *options):
        file = tmp_path / "people.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        result = app.test_cli_runner().invoke(args=["accounts", "import", str(file), *options])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


@pytest.fixture
def wrong(run, tmp_path, database):
    """Imports lines that are all wrong; returns (line, column, problem, value) of each problem in the report."""

    def wrong(lines, header=HEADER):
        before = database.everything()
        code, said, _ = run(header + lines, "--report", str(tmp_path / "report.csv"))
        assert code == 1 and said.startswith("0 accounts created")
        assert database.everything() == before
        return report(tmp_path)

    return wrong


def report(folder):
    """Returns the rows of the report below its header."""
    content = (folder / "report.csv").read_bytes()
    header, *rows = csv.reader(content.decode("utf-8-sig").splitlines())
    assert header == ["line", "column", "problem", "value"]
    return [tuple(row) for row in rows]


def people(database, *names):
    return {user.username: user for user in database.all(User, User.username.in_(names))}


def test_everybody_in_the_file_gets_an_account(run, database):
    lines = (
        "Pat,Pat  Doe,Pat@Example.test,,,(503) 555-0164\n"
        'dr.kim,"Kim, Dr. Sun-hee",kim@example.test,Provider,Lakeside Clinic,+82 10-5550-1234\n'
    )
    assert run(HEADER + lines) == (0, "2 accounts created, 0 are there already, 0 lines have to be corrected.\n", "")
    found = people(database, "pat", "dr.kim")
    pat, kim = found["pat"], found["dr.kim"]
    assert (pat.full_name, pat.role, pat.practice_id, pat.two_factor, pat.country) == ("Pat Doe", "patient", None, "off", "US")
    assert (pat.unseal(database.keys, "email"), pat.unseal(database.keys, "phone")) == ("Pat@Example.test", "+15035550164")
    assert pat.email_hash == database.keys.look_up_hash("pat@example.test") and pat.phone_confirmed_at is None
    assert (kim.full_name, kim.role, kim.country) == ("Kim, Dr. Sun-hee", "provider", "KR")
    assert kim.practice_id is not None and kim.name_key and kim.name_key != pat.name_key


def test_the_run_and_each_account_are_in_the_audit_trail(run, database):
    run(HEADER + PAT + "sue,Sue,sue@example.test,,,\n")
    ids = {user.id for user in people(database, "pat", "sue").values()}
    events = database.all(Event, Event.event.in_(["account_created", "accounts_imported"]))
    made = [each for each in events if each.event == "account_created"]
    (whole,) = [each for each in events if each.event == "accounts_imported"]
    assert {each.subject_id for each in made} == ids and {each.actor_id for each in made} == {None}
    assert (whole.subject_id, whole.times) == (None, 2) and "run by " in whole.user_agent
    assert {each.request_id for each in events} == {whole.request_id}


def test_running_it_again_changes_nothing(run, database):
    lines = HEADER + PAT + "dr.kim,Kim,kim@example.test,provider,Lakeside Clinic,(503) 555-0164\n"
    assert run(lines)[0] == 0
    before = database.everything()
    assert run(lines) == (0, "0 accounts created, 2 are there already, 0 lines have to be corrected.\n", "")
    assert run("username,name,email\ndr.kim,Kim,KIM@example.test\n")[0] == 0, "what the file does not say is not compared"
    assert database.everything() == before


def test_a_rehearsal_says_the_same_and_changes_nothing(run, database):
    before = database.everything()
    lines = HEADER + PAT + "maria,Maria Reyes,maria@example.test,,,\nnobody,,,,,\n"
    code, said, complained = run(lines, "--dry-run")
    assert (code, said) == (1, "1 accounts would be created, 1 are there already, 1 lines have to be corrected.\n")
    assert "1 of these, the first in line 4: email: Enter an email address." in complained
    assert database.everything() == before


def test_whoever_was_imported_chooses_a_password_by_email(run, plain):
    run(HEADER + PAT)
    plain.open("/sign-in")
    plain.press("Forgot password?")
    plain.fill("Send link", Username_or_email_address="pat")
    (mail,) = mails(plain, to="pat@example.test")
    plain.open(mail.link)
    plain.fill("Change password", New_password=NEW_PASSWORD)
    plain.open("/sign-in")
    plain.fill("Sign in", Username="pat", Password=NEW_PASSWORD)
    assert plain.path == "/home"
    plain.open("/account/security/activity")
    assert "Your account was created." in plain.text


def test_nobody_signs_in_before_that(run, plain):
    run(HEADER + PAT)
    for guess in ("", "pat", "None", "harbor-lantern-2026"):
        plain.open("/sign-in")
        plain.fill("Sign in", Username="pat", Password=guess)
        assert plain.path == "/sign-in"


DIFFERENT = {
    "name": "maria,Mary Reyes,maria@example.test,,,",
    "email": "maria,Maria Reyes,mary@example.test,,,",
    "role": "maria,Maria Reyes,maria@example.test,support,,",
    "practice": "dr.novak,Dr. Petra Novak,dr.novak@example.test,provider,Riverside Family Practice,",
    "phone": "maria,Maria Reyes,maria@example.test,,,(503) 555-0165",
}


@pytest.mark.parametrize(("column", "line"), DIFFERENT.items(), ids=DIFFERENT)
def test_an_account_with_other_facts_is_reported_and_left_alone(wrong, column, line):
    ((number, field, problem, value),) = wrong(line + "\n")
    assert (number, field, value) == ("2", "username", line.partition(",")[0])
    assert problem.startswith(f"The account exists with another {column}, ")


def test_what_no_key_opens_is_not_taken_for_the_same(wrong, database):
    database.change(update(User).where(User.username == "maria").values(email_sealed=b"k1\0broken"))
    ((_, _, problem, _),) = wrong("maria,Maria Reyes,maria@example.test,,,\n")
    assert problem.startswith("The account exists with another email, ")


WRONG = {
    "no username": (",Pat,pat@example.test,,,", "username", "Enter your username."),
    "a username with a space": ("pat doe,Pat,pat@example.test,,,", "username", "Begin the username"),
    "a long username": ("p" * 65 + ",Pat,pat@example.test,,,", "username", "Use at most 64"),
    "a formula for a name": ("pat,=1+1,pat@example.test,,,", "name", "A name can have only letters"),
    "NUL in a name": ("pat,P\0at,pat@example.test,,,", "name", "A name can have only letters"),
    "no email": ("pat,Pat,,,,", "email", "Enter an email address."),
    "no address": ("pat,Pat,pat,,,", "email", "An email address looks like"),
    "a role of nobody's": ("pat,Pat,pat@example.test,nurse,,", "role", "Write one of patient, provider, administrator, support"),
    "a provider of no practice": ("pat,Pat,pat@example.test,provider,,", "practice", "Name the practice."),
    "an unknown practice": ("pat,Pat,pat@example.test,,Hillside,", "practice", "No practice has that name."),
    "a landline": ("pat,Pat,pat@example.test,,,+82 2-312-3456", "phone", "That number is a landline"),
    "a number of several countries": ("pat,Pat,pat@example.test,,,010-5550-1234", "phone", "Begin the number with +"),
    "too few cells": ("pat,Pat", "", "It has 2 cells instead of 6."),
}


@pytest.mark.parametrize(("line", "column", "sentence"), WRONG.values(), ids=WRONG)
def test_what_the_forms_refuse_is_reported_with_its_line_and_column(wrong, line, column, sentence):
    ((number, field, problem, _),) = wrong(line + "\n")
    assert (number, field) == ("2", column) and problem.startswith(sentence)


def test_every_problem_of_a_line_is_told_at_once(wrong):
    found = wrong("pat doe,,pat,nurse,\u3164,12\n")
    assert [column for _, column, _, _ in found] == ["username", "name", "email", "role", "practice", "phone"]


def test_a_report_is_no_formula_and_for_its_owner_alone(wrong, tmp_path):
    found = wrong('"=cmd|\'/c calc\'!A1",@Pat,"+1@x\n=2",-role,,\n')
    assert [value[:2] for _, _, _, value in found] == ["'=", "'@", "'+", "'-"]
    assert (tmp_path / "report.csv").stat().st_mode & 0o777 == 0o600


def test_one_username_twice_in_a_file_is_told_of_the_later_line(run, database, tmp_path, monkeypatch):
    monkeypatch.setattr(operation, "IMPORT_BATCH", 2)
    lines = HEADER + PAT + "sue,Sue,sue@example.test,,,\nPAT,Pat Poe,poe@example.test,,,\nＰＡＴ,Pat,p@example.test,,,\n"
    code, said, complained = run(lines, "--report", str(tmp_path / "report.csv"))
    assert (code, said) == (1, "2 accounts created, 0 are there already, 2 lines have to be corrected.\n")
    assert [(line, value) for line, _, _, value in report(tmp_path)] == [("4", "pat (line 2)"), ("5", "pat (line 2)")]
    assert complained == (
        "2 of these, the first in line 4: username: An earlier line has the same username. Keep one of them.\n"
        f"Every line is in {tmp_path / 'report.csv'}.\n"
    )
    assert people(database, "pat")["pat"].full_name == "Pat Doe"


def test_the_summary_repeats_nobodys_values(run):
    code, _, complained = run(HEADER + "pat,Pat,secret-address,,,010-5550-1234\n")
    assert code == 1 and "secret-address" not in complained and "5550" not in complained
    assert complained.endswith("To get every line, run it again with --report FILE.\n")


FILES = {
    "an empty file": (b"", "It is empty."),
    "UTF-16": (HEADER.encode("utf-16"), "It is not UTF-8, but probably UTF-16."),
    "an unknown column": (b"username,name,email,password_hash\n", "It has a column “password_hash”, which accounts don't have."),
    "a column twice": (b"username,name,email,Name\n", "It has the column name twice."),
    "a missing column": (b"username,name\n", "It has no column email."),
    "no names of columns": (PAT.encode(), "It has a column “pat”"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0", "Line 1 should name the columns. It has bytes that are not UTF-8."),
}


@pytest.mark.parametrize(("content", "sentence"), FILES.values(), ids=FILES)
def test_a_file_that_is_none_is_refused_in_one_sentence(run, database, content, sentence):
    before = database.everything()
    code, said, complained = run(content)
    assert (code, said, complained.count("\n")) == (1, "", 1)
    assert complained.startswith("Error: ") and f": {sentence}" in complained
    assert database.everything() == before


def test_a_folder_and_nothing_at_all_are_no_files(app, tmp_path):
    for path in (tmp_path, tmp_path / "nowhere"):
        result = app.test_cli_runner().invoke(args=["accounts", "import", str(path)])
        assert result.exit_code == 1 and result.stderr.startswith(f"Error: {path}: It can't be read (")


@pytest.mark.parametrize(
    ("place", "sentence"), [("people.csv", "This is the file to import."), ("no/report.csv", "can't be written")]
)
def test_a_report_that_cannot_be_written_stops_the_import(run, database, tmp_path, place, sentence):
    before = database.everything()
    code, said, complained = run(HEADER + PAT, "--report", str(tmp_path / place))
    assert (code, said) == (1, "") and complained.startswith("Error: --report: ") and sentence in complained
    assert database.everything() == before and (tmp_path / "people.csv").read_text() == HEADER + PAT


def test_more_accounts_than_one_file_may_have_are_told(run, monkeypatch):
    monkeypatch.setattr(operation, "IMPORT_LINES", 2)
    lines = "".join(f"pat{number},Pat,pat{number}@example.test,,,\n" for number in range(4))
    code, _, complained = run(HEADER + lines)
    assert code == 1 and "It has more than 1,000,000 accounts. Split it" in complained


def test_a_name_that_is_taken_in_the_same_moment_is_counted_as_there(app, database, clock, monkeypatch):
    """Somebody else's account appears between the look and the INSERT, as on PostgreSQL it may."""
    row = AccountRow(2, "pat", "Pat Doe", "pat@example.test", "patient", None, None)
    late = AccountRow(3, "maria", "Maria Reyes", "maria@example.test", "patient", None, None)
    blind = iter([[row, late]])
    look = Importer.compare
    monkeypatch.setattr(Importer, "compare", lambda self, *words: next(blind, None) or look(self, *words))
    with app.app_context():
        importer = Importer(command_context(app.extensions["keys"], clock.now, "accounts import"), "US", False)
        outcome = importer.take_batch([row, late])
    assert (outcome.added, outcome.there, outcome.problems) == (1, 1, [])
    assert len(database.all(Event, Event.event == "account_created")) == 1


def test_an_account_of_the_machine_without_a_name_is_no_obstacle(run, database, monkeypatch):
    def nameless():
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert run(HEADER + PAT)[0] == 0
    (whole,) = database.all(Event, Event.event == "accounts_imported")
    assert whole.user_agent.endswith("run by an account without a name")


def test_killed_in_the_middle_it_leaves_whole_batches_and_goes_on(site, tmp_path):
    file, number = tmp_path / "people.csv", 3_000
    file.write_text(HEADER + "".join(f"new{each:05},Pat,new{each:05}@example.test,,,\n" for each in range(number)))
    rows, words = Rows(site), ["flask", "--app", "wsgi", "accounts", "import", str(file)]
    count = "SELECT count(*) FROM users WHERE username LIKE 'new%'"
    process = Fork(words, site.environment, tmp_path / "out")
    try:
        assert until(lambda: rows.one(count) > 0 or process.poll() is not None)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    half = rows.one(count)
    assert 0 < half < number and half % operation.IMPORT_BATCH == 0
    events = "SELECT count(*) FROM events WHERE event = 'account_created'"
    assert rows.one(events) == half
    said = site.flask("accounts", "import", str(file))
    assert said == f"{number - half:,} accounts created, {half:,} are there already, 0 lines have to be corrected.\n"
    assert rows.one(count) == rows.one(events) == number
