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

LOOKS = {
    "with JavaScript": {},
    "without JavaScript": {"script": False},
    "dark phone": {"scheme": "dark", "size": PHONE},
    "dark phone without JavaScript": {"script": False, "scheme": "dark", "size": PHONE},
}
RESET_MAIL = "Set up two-factor authentication again"
APPROVED_MAIL = "Support approved your request"
NEW_PASSWORD_MAIL = "Choose a new password"
STEP = timedelta(seconds=30)  # of an app's codes
PATIENCE = 20  # seconds, for a message on its way
LINK = re.compile(r"https?://\S+")
STOP_TEXT = re.compile(r"Not you\? Stop it within 24 hours: \S+/recovery/stop/\S+$")


class Post:
    """What arrives in somebody's mailbox."""

    def __init__(self, server):
        self.server = server

    def read(self, person, subject):
        """Waits for an email with this subject; returns the text of the newest."""
        address = f"{person.username}@example.test"
        assert until(lambda: subject in self.server.subjects(address), PATIENCE), self.server.subjects(address)
        found = [mail for to, mail, _ in list(self.server.box) if (to, mail["Subject"]) == (address, subject)]
        return found[-1].get_body(("plain",)).get_content().replace("\r\n", "\n")

    def code(self, person):
        """Returns the digits that the newest email with a code brought."""
        return re.search(r"^\d{8}$", self.read(person, CODE_MAIL), re.MULTILINE)[0]

    def link(self, person, subject):
        """Returns the first link in an email."""
        return LINK.search(self.read(person, subject))[0]


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


@pytest.fixture
def post(mail):
    """Everybody's mailboxes."""
    return Post(mail)


@pytest.fixture
def reader_in(town, browsers):
    """Returns a function that opens a window with a look, for somebody with the help article at hand."""
    return lambda look="with JavaScript": Reader(browsers.borrow(town.url, **LOOKS[look]))


def contact_support(reader, person, post):
    """Step 2, from a page that has the link: the request, and the code from its email."""
    reader.press("Contact Support")
    reader.type("Email address", f"{person.username}@example.test")
    reader.type("What happened", "I lost my phone.")
    reader.press("Send request")
    assert reader.headline == "Check your email"
    reader.type("Code from the email", post.code(person))
    reader.press("Continue")


def wait_a_day(reader, town, person, post):
    """The wait before a patient gets in again: the page says until when, everybody is told, nothing changes before."""
    assert reader.headline == "Your request is waiting"
    assert "Stop this request" in post.read(person, WAITING_MAIL)
    if not reader.sees("You can get back in from"):
        assert until(lambda: reader.press("Check again") or reader.sees("You can get back in from"), PATIENCE)
    town.clock.move(hours=23, minutes=55)
    reader.page.reload()
    assert reader.headline == "Your request is waiting" and LINK_MAIL not in post.server.subjects(
        f"{person.username}@example.test"
    )
    town.clock.move(minutes=6)


def set_up_again(reader, town, person, post, subject=LINK_MAIL, field="Current password", finish="Verify and Enable"):
    """The link from the email, the password, and the wizard: three pages. Returns the new app's entry and when it was proved."""
    reader.page.goto(post.link(person, subject))
    assert reader.headline == "Set up two-factor authentication again"
    reader.type(field, person.password)
    reader.press("Continue")
    reader.pages = []
    reader.press("Continue")
    entry, at = reader.scan()[1], town.now()
    reader.type("Verification Code", entry.code(at))
    reader.press(finish)
    codes = reader.backup_codes()
    reader.press("I have saved my backup codes")
    asked = reader.asked_number()
    reader.type(f"Code {asked}", codes[asked])
    reader.press("Done")
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


@pytest.mark.parametrize("look", ["dark phone without JavaScript"])
def test_a_patient_without_a_number_comes_back_with_the_password_after_a_day(reader_in, town, post, look):
    patient, reader = town.regular(), reader_in(look)
    reader.sign_in(patient)
    reader.press("Can't access your code?")
    contact_support(reader, patient, post)
    assert reader.headline == "Show that it's you" and reader.sees("You can do this until")
    reader.type("Current password", patient.password)
    reader.press("Continue")
    wait_a_day(reader, town, patient, post)
    entry, at = set_up_again(reader, town, patient, post)
    assert "finish setting up" in post.read(patient, SET_UP_MAIL) and "- Authenticator App" in post.read(patient, DONE_MAIL)
    old_ends_new_begins(reader, town, patient, entry, at)


@pytest.mark.parametrize("look", ["without JavaScript", "dark phone"])
def test_a_patient_with_a_number_who_forgot_the_password_too_comes_back_by_text(reader_in, town, post, carrier, look):
    number = f"+150355501{list(LOOKS).index(look) + 40}"
    patient, reader = town.give_number(town.regular(), number), reader_in(look)
    reader.page.goto("/")
    reader.press("Can't access your code?")
    contact_support(reader, patient, post)
    reader.press("I don't know my password")
    reader.press("Get a text message")
    reader.press("Text me a code")
    assert until(lambda: carrier.texts_to(number), PATIENCE)
    assert not reader.sees(number[-4:]) and not reader.sees("••")
    reader.type("Verification Code", carrier.texts_to(number)[0][:6])
    reader.press("Continue")
    assert until(lambda: STOP_TEXT.search(carrier.texts_to(number)[-1]), PATIENCE)
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
    print(reader.text)
    entry, at = set_up_again(reader, town, patient, post)
    old_ends_new_begins(reader, town, patient, entry, at)


# --- providers: "Contact your practice administrator first"


def enter(reader, town, person):
    """Signs in to the end, whatever the person's side."""
    reader.sign_in(person, "/ehr")
    reader.type("Verification Code", person.phone.code(town.now()))
    reader.press("Verify")


def ask_for_reset(reader, town, administrator, provider):
    """What an administrator does for a provider who called: from the admin panel, without waiting for support."""
    enter(reader, town, administrator)
    for label in ("Settings", "Team Members", "Security Status", f"Reset two-factor authentication {provider.name}"):
        reader.press(label)
    reader.type("Reason", "Lost phone on Friday.")
    reader.page.get_by_label("Saw them in person").check()
    reader.press("Reset")


@pytest.mark.parametrize("look", ["without JavaScript"])
def test_a_provider_is_let_back_in_by_the_practices_one_administrator(reader_in, town, post, look):
    practice = town.practice()
    administrator = town.regular("administrator", practice, "Robin Vale")
    provider, reader = town.regular("provider", practice), reader_in(look)
    reader.sign_in(provider, "/ehr")
    reader.press("Can't access your code?")
    assert reader.sees("Ask your practice administrator first: Robin Vale.")
    ask_for_reset(reader_in(look), town, administrator, provider)
    provider_returns(reader, town, post, provider)


def provider_returns(reader, town, post, provider):
    """The link of a reset, and the provider's way to the charts by it."""
    entry, at = set_up_again(reader, town, provider, post, RESET_MAIL, "Password", "Confirm and Activate")
    assert reader.headline == "Charts"
    old_ends_new_begins(reader, town, provider, entry, at, "/ehr", "Charts")


def test_a_provider_with_a_new_address_is_let_back_in_by_two_administrators(reader_in, town, post):
    practice = town.practice()
    first, second = (town.regular("administrator", practice, name) for name in ("Robin Vale", "Jo Abara"))
    provider, reader, another = town.regular("provider", practice), reader_in(), reader_in()
    town.change_contact(provider)
    reader.sign_in(provider, "/ehr")
    reader.press("Can't access your code?")
    assert reader.sees("Robin Vale") and reader.sees("Jo Abara")
    ask_for_reset(another, town, first, provider)
    assert another.headline == "Waiting for a second person"
    another.sign_out(first)
    enter(another, town, second)
    for label in ("Settings", "Waiting for your approval", "View request", "Approve"):
        another.press(label)
    provider_returns(reader, town, post, provider)


# --- a practice's only administrator: "request a manual identity verification and account recovery"


def test_a_practices_only_administrator_is_let_back_in_by_two_agents_of_support(reader_in, town, post):
    person, reader = town.regular("administrator", town.practice(), "Robin Vale"), reader_in()
    reader.sign_in(person, "/ehr")
    reader.press("Use a backup code")
    contact_support(reader, person, post)
    assert not reader.sees("practice administrator first")
    reader.press("Have support check who I am")
    assert reader.headline == "Support is checking your request" and reader.sees("Support answers by")
    reference = reader.page.get_by_role("main").locator("code").inner_text()
    desk, agents = reader_in("without JavaScript"), [town.regular("support", name=name) for name in ("Noor Amin", "Ines Duarte")]
    enter(desk, town, agents[0])
    desk.press("Open request", reference)
    theirs = [
        desk.page.get_by_text(word, exact=True).locator("xpath=following-sibling::dd[1]").inner_text()
        for word in ("You say", "They answer")
    ]
    assert all(reader.sees(words) for words in theirs)
    desk.press("Take this case")
    desk.page.get_by_label("Compared their photo ID with them on a video call").check()
    desk.press("Save")
    desk.press("Approve")
    desk.type("Reason", "Passport and face, on video.")
    desk.press("Approve")
    assert LINK_MAIL not in post.server.subjects(f"{person.username}@example.test")
    desk.sign_out(agents[0])
    enter(desk, town, agents[1])
    for label in ("Waiting for approval", "View request", "Approve"):
        desk.press(label)
    assert "Stop this request" in post.read(person, APPROVED_MAIL)
    entry, at = set_up_again(reader, town, person, post, LINK_MAIL, finish="Confirm and Activate")
    old_ends_new_begins(reader, town, person, entry, at, "/ehr", "Charts")
