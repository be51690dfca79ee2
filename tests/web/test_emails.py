"""A mail's words: a subject, plain text, and the same in HTML; nothing fetched, nothing that a fact could smuggle in."""

import re
from datetime import timedelta

import pytest

from portal.phones import mask
from portal.web.emails import compose_email, split_paragraphs, write_email
from tests.house.source import TEMPLATES
from tests.support.markup import parse

ABOUT = "email/_about.txt"  # a mail without it carries a link of its own and is no notice
NOTICES = sorted(path.stem for path in (TEMPLATES / "email").glob("[!_]*.txt") if ABOUT in path.read_text())
FACTS = {
    "name": "Maria Reyes",
    "when": "2027-03-01T12:00:10+00:00",
    "browser": "Chrome on Linux",
    "ip": "192.0.2.7",
    "left": 3,
    "by": "Robin Lee",
    "approved_by": "Noor Haddad",
    "address": "m•••@example.test",
    "phone": mask("+15035550164"),
}
LINKS = {"not_me": "a-token-that-ends-sessions"}
once = pytest.mark.once("writes an email from facts that stand here")


@pytest.fixture
def written(app):
    """Writes a mail as the worker does."""

    def write_one(template="new_browser", **facts):
        with app.test_request_context(base_url=app.extensions["settings"].base_url):
            return compose_email(template, FACTS | facts, LINKS)[:3]

    return write_one


def test_there_are_notices_to_read():
    assert len(NOTICES) >= 6


@pytest.mark.parametrize("template", NOTICES)
@once
def test_a_notice_says_what_when_where_and_what_to_do(written, template):
    subject, text, html = written(template)
    assert subject and "\n" not in subject and not re.search(r"\d", subject)
    said = parse(html)[0].one("body").text
    for words in (
        "Hello Maria Reyes,",
        "Mon, Mar 1, 2027, 12:00 PM UTC",
        "Chrome on Linux, IP address 192.0.2.7",
        "support@medximity.example",
    ):
        assert words in text and words in said
    assert "This wasn't me:\nhttp://127.0.0.1:5000/not-me/a-token-that-ends-sessions" in text
    nothing_to_do = "If this was you, there's nothing you need to do." in text
    assert nothing_to_do != (template in {"two_factor_reset", "secret_shown"})


@pytest.mark.parametrize("template", NOTICES)
@once
def test_who_can_trust_no_browser_is_told_of_none(written, template):
    for said in written(template, may_trust=False, issuer="DigitalPatientChart"):
        assert "trust" not in said
    assert "ends the sessions on your account" in said


@once
def test_a_patient_is_told_that_trusted_browsers_end_too(written):
    assert "That ends the sessions and trusted browsers on your account." in written("new_browser", may_trust=True)[1]
    assert "no browser is trusted anymore" in written("password_changed")[1], "as a release before queued it"


@once
def test_the_mail_of_a_reset_says_what_its_reader_has_to_do(written):
    _, text, html = written("two_factor_reset")
    for said in (text, html):
        assert "If you asked for this, open the link in our other email within 24 hours." in said


@pytest.mark.parametrize("template", NOTICES)
@once
def test_the_html_says_the_same_and_fetches_nothing(written, template):
    subject, text, html = written(template)
    page, faults = parse(html)
    assert faults == []
    assert page.one("h1").text == page.one("title").text == subject
    said = page.one("body").text
    assert all(
        " ".join(line.split()) in said for line in text.split("\n") if line and not line.startswith(("http", "This wasn't"))
    )
    assert page.all("img", "link", "script", "style") == []
    assert [link["href"] for link in page.all("a")] == ["http://127.0.0.1:5000/not-me/a-token-that-ends-sessions"]
    assert page.one("a").text == "This wasn't me"
    assert page.one("meta", name="color-scheme")["content"] == "light dark"


@pytest.mark.parametrize("template", [*NOTICES, "password_forgotten", "confirm_email", "reset_link", "set_up_reminder"])
@once
def test_no_translator_changes_what_people_compare_or_type(app, template):
    facts = FACTS | {"username": "maria", "link": "x"}
    with app.test_request_context():
        _, _, html, _ = compose_email(template, facts, {**LINKS, "link": "a-token"})
    page, _ = parse(html)
    kept = [span.text for span in page.all("span", translate="no")]
    said = page.one("body").text
    for value in ("Medximity", "support@medximity.example", "192.0.2.7", "m•••@example.test", FACTS["phone"], "username maria"):
        value = value.removeprefix("username ") if value in said else "not in it"
        assert said.count(value) == sum(each.count(value) for each in kept), value
    assert "Medximity" in kept


@once
def test_a_fact_is_one_line_and_no_markup(written):
    subject, text, html = written(name="Maria\nhttps://thief.example\r\nBcc: <b>x</b>", browser="<script>")
    assert "\nhttps://thief.example" not in text and "<b>" not in html and "<script>" not in html
    assert len(re.findall("<a ", html)) == 1
    assert subject == "Sign-in from a new browser"


@once
def test_a_host_that_a_request_names_is_in_no_link(app):
    with app.test_request_context(base_url="http://localhost:7777"):
        assert "localhost" not in "".join(write_email("new_browser", FACTS, LINKS))


@once
def test_without_the_link_the_notice_still_says_what_to_do(app):
    with app.test_request_context():
        _, text = write_email("new_browser", FACTS, {})
    assert "This wasn't me" not in text and "sign in, change your password, and write to support@medximity.example" in text


def test_paragraphs_know_a_link_from_a_line():
    assert split_paragraphs("One\nTwo\n\nPress here:\nhttps://a.example/x\n\n\nhttps://alone.example") == [
        {"lines": ["One", "Two"], "link": None},
        {"lines": [], "label": "Press here", "link": "https://a.example/x"},
        {"lines": ["https://alone.example"], "link": None},
    ]


def test_a_notice_goes_to_every_confirmed_address_and_dies_after_three_days(plain, maria, database, clock):
    from portal.models import Outbox

    plain.enter(maria)
    [row] = database.all(Outbox)
    assert (row.kind, row.template, row.expires_at) == ("mail", "new_browser", clock.now + timedelta(days=3))
    assert row.body_sealed is None, "the link of a notice is kept nowhere"
