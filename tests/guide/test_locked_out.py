"""The help article's "How to regain access if you are locked out", walked in a browser by the words on the page alone.

Emails are read from a mail server, texts from a carrier's center behind a real gateway, and a day passes by the portal's own clock.
"""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.application import application
from tests.support.browser import PHONE
from tests.support.kannel import started
from tests.support.later import LaterClock, LaterServer
from tests.support.mail_server import MailServer
from tests.support.outbox import running_worker, until
from tests.support.reader import Reader
from tests.support.recovered import DONE_MAIL, LINK_MAIL, SET_UP_MAIL, WAITING_MAIL
from tests.support.recovery import CODE_MAIL
from tests.support.server import running_server
from tests.support.town import Town

# Each kind of person is walked in both: one window asks, and the other, as on a borrowed computer, opens the link.
NO_SCRIPT = {"script": False}
DARK_PHONE = {"scheme": "dark", "size": PHONE}  # with JavaScript
RESET_MAIL = "Set up two-factor authentication again"
APPROVED_MAIL = "Support approved your request"
NEW_PASSWORD_MAIL = "Choose a new password"
BEGUN_MAIL = "Someone is getting back into your account"
NUMBERS = ("+15035550141", "+15035550142")
STEP = timedelta(seconds=30)  # of an app's codes
PATIENCE = 20  # seconds, for a message on its way
LINK = re.compile(r"https?://\S+")
STOP_TEXT = re.compile(r"Not you\? Stop it within 24 hours: \S+/recovery/stop/\S+$")


class Post:
    """What arrives in somebody's mailbox."""

    def __init__(self, server):
        self.server = server

    def find(self, person, subject):
        """Returns what has come to a person under this subject, oldest first."""
        wanted = (f"{person.username}@example.test", subject)
        return [mail for to, mail, _ in list(self.server.box) if (to, mail["Subject"]) == wanted]

    def read(self, person, subject, number=1):
        """Waits for that many emails with this subject; returns the text of the newest."""
        assert until(lambda: len(self.find(person, subject)) >= number, PATIENCE), self.server.subjects(
            f"{person.username}@example.test"
        )
        return self.find(person, subject)[-1].get_body(("plain",)).get_content().replace("\r\n", "\n")

    def code(self, person, number=1):
        """Returns the digits that the newest email with a code brought."""
        return re.search(r"^\d{8}$", self.read(person, CODE_MAIL, number), re.MULTILINE)[0]

    def link(self, person, subject, number=1):
        """Returns the first link in an email."""
        return LINK.search(self.read(person, subject, number))[0]


@pytest.fixture(scope="module")
def mail():
    """The mail server of this module."""
    server = MailServer().up()
    yield server
    server.down()


@pytest.fixture(scope="module")
def carrier(tmp_path_factory):
    """The gateway of this module, and the carrier's center behind it."""
    running = started(tmp_path_factory.mktemp("carrier"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def town(sites, mail, carrier):
    """A portal and its worker, whose clock `town.clock` moves."""
    site = sites.seeded()
    settings = {"PORTAL_SMTP_URL": mail.url, "PORTAL_SMS_URL": carrier.url}
    with (
        running_server(site, kind=LaterServer, **settings) as server,
        running_worker(site, "tests.support.later", PORT=str(server.port), **settings),
        application(site) as app,
    ):
        town = Town(server.url, app)
        town.clock = LaterClock(site)
        town.now = town.clock.now
        yield town
    sites.remove(site)


@pytest.fixture(scope="module")
def agents(town):
    """Two people of support."""
    return [town.regular("support", name=name) for name in ("Noor Amin", "Ines Duarte")]


@pytest.fixture
def post(mail):
    """Everybody's mailboxes."""
    return Post(mail)


@pytest.fixture
def reader_in(town, browsers):
    """Returns a function that opens a window with a look, for somebody with the help article at hand."""
    return lambda look: Reader(browsers.borrow(town.url, **look))


@pytest.fixture
def at_home(reader_in, town):
    """Returns a function that opens a page for somebody who has signed in already, in a window of their own or a given one."""

    def enter(person, page, reader=None):
        reader = reader or reader_in({})
        town.let_in(reader.window, person)
        reader.page.goto(page)
        reader.town = town
        return reader

    return enter


def contact_support(reader, person, post, label="Contact Support", number=1):
    """Step 2, from a page that has the link: the request, and the code from its email."""
    reader.press(label)
    reader.type("Email address", f"{person.username}@example.test")
    reader.type("What happened", "I lost my phone.")
    reader.press("Send request")
    assert reader.headline == "Check your email"
    reader.type("Code from the email", post.code(person, number))
    reader.press("Continue")


def wait_a_day(reader, town, person, post):
    """The wait before a patient gets in again: the page says until when, everybody is told, nothing changes before."""
    assert reader.headline == "Your request is waiting"
    assert "Stop this request" in post.read(person, WAITING_MAIL)
    if not reader.sees("You can get back in from"):
        assert until(lambda: reader.press("Check again") or reader.sees("You can get back in from"), PATIENCE)
    town.clock.move(hours=23, minutes=55)
    reader.page.reload()
    assert reader.headline == "Your request is waiting" and not post.find(person, LINK_MAIL)
    town.clock.move(minutes=6)


def set_up_again(reader, town, person, post, subject=LINK_MAIL, finish="Verify and Enable"):
    """The link from the email, the password, and the wizard: three pages. Returns the new app's entry and when it was proved."""
    reader.page.goto(post.link(person, subject))
    assert reader.headline == "Set up two-factor authentication again"
    reader.type("Password", person.password)
    reader.press("Continue")
    reader.pages = []
    reader.press("Continue")
    entry, at = reader.scan()[1], town.now()
    reader.type("Verification Code", entry.code(at))
    reader.press(finish)
    codes = reader.save_codes()
    assert len(codes) == 10 and len(set(reader.pages[:-1])) == 3
    return entry, at


def old_ends_new_begins(reader, town, person, entry, at, side="/", home="Appointments"):
    """Signs in: the code of the lost phone is refused, and that of the new one opens the account."""
    reader.sign_out(person)
    reader.sign_in(person, side)
    reader.type("Verification Code", person.phone.code(town.now()))
    reader.press("Verify")
    assert reader.refusal()
    reader.type("Verification Code", entry.code(at + STEP))
    reader.press("Verify")
    assert reader.sees(home)


def test_a_patient_without_a_number_comes_back_with_the_password_after_a_day(reader_in, town, post):
    patient, reader, elsewhere = town.regular(), reader_in(DARK_PHONE), reader_in(NO_SCRIPT)
    reader.sign_in(patient)
    reader.press("Can't access your code?")
    contact_support(reader, patient, post)
    assert reader.headline == "Show that it's you" and reader.sees("You can do this until")
    reader.type("Current password", patient.password)
    reader.press("Continue")
    wait_a_day(reader, town, patient, post)
    entry, at = set_up_again(elsewhere, town, patient, post)
    assert "finish setting up" in post.read(patient, SET_UP_MAIL) and "- Authenticator App" in post.read(patient, DONE_MAIL)
    old_ends_new_begins(elsewhere, town, patient, entry, at)


def test_a_patient_with_a_number_who_forgot_the_password_too_comes_back_by_text(reader_in, town, post, carrier):
    patient, reader = town.give_number(town.regular(), NUMBERS[0]), reader_in(NO_SCRIPT)
    reader.page.goto("/")
    reader.press("Can't access your code?")
    contact_support(reader, patient, post)
    text = read_code_by_text(reader, carrier, patient)
    reader.type("Verification Code", text[:6])
    reader.press("Continue")
    assert until(lambda: STOP_TEXT.search(carrier.texts_to(patient.number)[-1]), PATIENCE)
    wait_a_day(reader, town, patient, post)
    reader.page.goto(post.link(patient, LINK_MAIL))
    assert reader.sees("open the link from our email again")
    reader.press("Forgot password?")
    reader.type("Username or email address", f"{patient.username}@example.test")
    reader.press("Send link")
    reader.page.goto(post.link(patient, NEW_PASSWORD_MAIL))
    patient = replace(patient, password="quiet-orchard-lamp-77")
    reader.type("New password", patient.password)
    reader.press("Change password")
    set_up_again(reader, town, patient, post)
    assert reader.headline == "Security"


def read_code_by_text(reader, carrier, patient):
    """Asks for a code by text without the password; returns the text. No page shows a digit of the number."""
    reader.press("I don't know my password")
    reader.press("Get a text message")
    reader.press("Text me a code")
    assert until(lambda: carrier.texts_to(patient.number), PATIENCE)
    assert not reader.sees(patient.number[-4:]) and not reader.sees("••")
    return carrier.texts_to(patient.number)[0]


def test_a_patient_whom_support_checks_comes_back(reader_in, at_home, town, post, carrier, agents):
    patient, reader = town.give_number(town.regular(), NUMBERS[1]), reader_in(DARK_PHONE)
    reader.page.goto("/")
    reader.press("Can't access your code?")
    contact_support(reader, patient, post)
    assert "get back into your Medximity account" in read_code_by_text(reader, carrier, patient)
    reader.press("Choose another way")
    desk = have_support_check(
        reader, at_home, agents[0], "Called the number on file, and they answered with their call-back words"
    )
    assert desk.sees("1 of 2 points")
    desk.page.get_by_label("Someone at their practice knows them, and told us by name when we called its listed number").check()
    desk.press("Save")
    approve(desk, "On the phone, with their words; then their practice.")
    assert desk.sees("Approved. We emailed them a link")
    set_up_again(reader, town, patient, post)
    assert "Stop this request" in post.read(patient, APPROVED_MAIL) and reader.headline == "Security"


def have_support_check(reader, at_home, agent, proof):
    """Hands the request to support, where an agent takes it and checks one proof; returns the agent's window."""
    reader.press("Have support check who I am")
    assert reader.headline == "Support is checking your request" and reader.sees("Support answers by")
    desk = at_home(agent, "/support", None)
    desk.press("Open request", reader.page.get_by_role("main").locator("code").inner_text())
    theirs = [
        desk.page.get_by_text(word, exact=True).locator("xpath=following-sibling::dd[1]").inner_text()
        for word in ("You say", "They answer")
    ]
    assert all(reader.sees(words) for words in theirs)
    desk.press("Take this case")
    desk.page.get_by_label(proof).check()
    desk.press("Save")
    return desk


def approve(desk, reason):
    """Approves the case of the open page."""
    desk.press("Approve")
    desk.type("Reason", reason)
    desk.press("Approve")


def test_the_owner_stops_what_somebody_else_began(reader_in, at_home, town, post):
    """By the banner in a session, then by the email without one; whoever asked had password and mailbox."""
    patient, stranger, owner = town.regular(), reader_in(NO_SCRIPT), reader_in(DARK_PHONE)
    stranger.page.goto("/")
    stranger.press("Can't access your code?")
    contact_support(stranger, patient, post)
    stranger.type("Current password", patient.password)
    stranger.press("Continue")
    at_home(patient, "/home", owner).press("Stop this request")
    assert owner.headline == "This request is stopped" and owner.sees("Whoever asked knows it.")
    stranger.page.reload()
    assert stranger.headline == "This request is over"
    town.clock.move(minutes=6)
    contact_support(stranger, patient, post, "Send a new request", 2)
    owner.page.context.clear_cookies()
    owner.page.goto(post.link(patient, BEGUN_MAIL, 2))
    assert owner.headline == "Stop this request?"
    owner.press("Stop this request")
    assert owner.headline == "This request is stopped"
    stranger.page.reload()
    assert stranger.headline == "This request is over" and not post.find(patient, LINK_MAIL)


# --- providers: "Contact your practice administrator first"


def ask_for_reset(at_home, administrator, provider):
    """What an administrator does for a provider who called: from the admin panel, without waiting for support."""
    panel = at_home(administrator, "/ehr/charts")
    for label in ("Settings", "Team Members", "Security Status", f"Reset two-factor authentication {provider.name}"):
        panel.press(label)
    panel.type("Reason", "Lost phone on Friday.")
    panel.page.get_by_label("Saw them in person").check()
    panel.press("Reset")
    return panel


def test_a_provider_is_let_back_in_by_the_practices_one_administrator(reader_in, at_home, town, post):
    practice = town.practice()
    administrator = town.regular("administrator", practice, "Robin Vale")
    provider, reader = town.regular("provider", practice), reader_in(DARK_PHONE)
    reader.sign_in(provider, "/ehr")
    reader.press("Can't access your code?")
    assert reader.sees("Ask your practice administrator first: Robin Vale.")
    ask_for_reset(at_home, administrator, provider)
    elsewhere = reader_in(NO_SCRIPT)
    entry, at = set_up_again(elsewhere, town, provider, post, RESET_MAIL, "Confirm and Activate")
    assert elsewhere.headline == "Charts"
    old_ends_new_begins(elsewhere, town, provider, entry, at, "/ehr", "Charts")


def test_a_provider_with_a_new_address_is_let_back_in_by_two_administrators(reader_in, at_home, town, post):
    practice = town.practice()
    first, second = (town.regular("administrator", practice, name) for name in ("Robin Vale", "Jo Abara"))
    provider, reader = town.regular("provider", practice), reader_in(NO_SCRIPT)
    town.change_contact(provider)
    reader.sign_in(provider, "/ehr")
    reader.press("Can't access your code?")
    assert reader.sees("Robin Vale") and reader.sees("Jo Abara")
    panel = ask_for_reset(at_home, first, provider)
    assert panel.headline == "Waiting for a second person"
    at_home(second, "/ehr/charts", panel)
    for label in ("Settings", "Waiting for your approval", "View request", "Approve"):
        panel.press(label)
    elsewhere = reader_in(DARK_PHONE)
    set_up_again(elsewhere, town, provider, post, RESET_MAIL, "Confirm and Activate")
    assert elsewhere.headline == "Charts"


# --- a practice's only administrator: "request a manual identity verification and account recovery"


def second_agent_approves(desk, at_home, agent):
    """Approves the newest of what waits in the console, as somebody else."""
    at_home(agent, "/support", desk)
    for label in ("Waiting for approval", "View request", "Approve"):
        desk.press(label)


def test_a_practices_only_administrator_is_let_back_in_by_two_agents_of_support(reader_in, at_home, town, post, agents):
    person, reader = town.regular("administrator", town.practice(), "Robin Vale"), reader_in(DARK_PHONE)
    reader.sign_in(person, "/ehr")
    reader.press("Use a backup code")
    contact_support(reader, person, post)
    assert not reader.sees("practice administrator first")
    desk = have_support_check(reader, at_home, agents[0], "Compared their photo ID with them on a video call")
    approve(desk, "Passport and face, on video.")
    assert not post.find(person, LINK_MAIL)
    second_agent_approves(desk, at_home, agents[1])
    assert "Stop this request" in post.read(person, APPROVED_MAIL)
    elsewhere = reader_in(NO_SCRIPT)
    set_up_again(elsewhere, town, person, post, LINK_MAIL, "Confirm and Activate")
    assert elsewhere.headline == "Charts"


def test_a_practices_only_administrator_is_reset_by_two_agents_who_found_them_by_two_facts(
    reader_in, at_home, town, post, agents
):
    person, desk = town.regular("administrator", town.practice(), "Robin Vale"), at_home(agents[0], "/support")
    desk.press("Find a person")
    desk.type("Username or email address", person.username)
    desk.type("Full name, mobile phone number, or practice", person.name)
    for label in ("Find", "Reset two-factor authentication"):
        desk.press(label)
    desk.type("Reason", "The only administrator lost her phone.")
    desk.page.get_by_label("Saw and heard them on a video call").check()
    desk.press("Reset")
    assert desk.headline == "Waiting for a second person" and not post.find(person, RESET_MAIL)
    second_agent_approves(desk, at_home, agents[1])
    reader = reader_in(DARK_PHONE)
    set_up_again(reader, town, person, post, RESET_MAIL, "Confirm and Activate")
    assert reader.headline == "Charts"
