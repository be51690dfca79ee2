"""The mailbox: found by words, as text and as HTML, with the headers of the mail gateway, and with what each link answers."""

import json
import re

import pytest
from sqlalchemy import update

from portal.models import Outbox
from tests.support.see import POLICY


@pytest.fixture
def bench(plain, maria, sam):
    """A tester's browser, after two people have signed in from new browsers."""
    for person in (maria, sam):
        plain.another().enter(person)
    return plain.another(secrets=[])


def subjects(bench):
    """Returns what the list shows: subject and recipient, newest first."""
    rows = [part for part in bench.page.all("ol") if "mails" in part.classes]
    return [(row.one("a").text, row.all("span")[0].text) for part in rows for row in part.all("li")]


def ids(bench):
    """Returns the ids of all emails, newest first."""
    return [mail["id"] for mail in json.loads(bench.get("/test-bench/mailbox.json").text)]


def test_everybody_s_emails_are_listed_and_one_person_s(bench):
    bench.open("/test-bench/mailbox")
    assert sorted(to for _, to in subjects(bench)) == ["maria@example.test", "sam@example.test"]
    assert "2 emails" in bench.text
    bench.press("sam@example.test")
    assert [to for _, to in subjects(bench)] == ["sam@example.test"] and "1 email" in bench.text
    bench.press("Everybody")
    assert len(subjects(bench)) == 2


@pytest.mark.parametrize(
    "words, found",
    [("SAM@example", 1), ("new BROWSER", 2), ("maria reyes", 1), ("127.0.0.1 sam", 1), ("no such word", 0), ("%", 0), ("", 2)],
)
def test_a_search_looks_at_address_subject_and_text(bench, words, found):
    bench.open("/test-bench/mailbox").fill("Search", Search_emails=words)
    assert len(subjects(bench)) == found and bench.field("Search emails").attributes.get("value", "") == words
    assert found or "No email is here that fits." in bench.text


def test_a_search_within_one_mailbox_stays_there(bench):
    bench.open("/test-bench/mailbox?to=sam@example.test").fill("Search", Search_emails="browser")
    assert [to for _, to in subjects(bench)] == ["sam@example.test"] and bench.arguments["to"] == "sam@example.test"


def test_an_email_is_shown_as_it_is_sent(bench, app):
    bench.open("/test-bench/mailbox?to=maria@example.test").press("Sign-in from a new browser")
    assert bench.heading == "Sign-in from a new browser" and "Hello Maria Reyes," in bench.text
    facts = {part.one("dt").text: part.one("dd").text for part in bench.page.all("div") if part.up("dl")}
    assert (
        facts["To"] == "maria@example.test"
        and facts["From"].startswith("Medximity <")
        and facts["Auto-Submitted"] == "auto-generated"
    )
    assert facts["Message-ID"].startswith(f"<{bench.path.rsplit('/', 1)[1]}@") and facts["Content-Type"].startswith(
        "multipart/alternative"
    )
    frame = bench.page.one("iframe")
    assert frame["sandbox"] == "allow-same-origin", "no script, no form, no other window"
    assert bench.response.headers["Content-Security-Policy"] == POLICY.replace("object-src", "frame-src 'self'; object-src")


def test_its_html_can_do_nothing_but_look_as_it_is_sent(bench, app):
    answer = app.test_client().get(f"/test-bench/mailbox/{ids(bench)[0]}/html")
    assert answer.text.lstrip().startswith("<!doctype html>") and "Sign-in from a new browser" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-same-origin; default-src 'none'") and "script-src" not in policy


def test_each_link_is_opened_and_changes_nothing(bench, database):
    before = database.everything("sessions.last_seen_at")
    bench.open(f"/test-bench/mailbox/{ids(bench)[0]}").press("Check the links")
    assert re.search(r"200\s*Was this you\?|200", bench.text) and "/not-me/" in bench.text
    assert database.everything("sessions.last_seen_at") == before
    [checked] = json.loads(bench.get(f"{bench.path}/links.json").text)
    assert checked["status"] == 200 and "/not-me/" in checked["link"] and checked["title"].endswith("Medximity")


def test_a_link_that_leads_elsewhere_is_not_opened_and_a_redirect_says_where_to(app, monkeypatch):
    from portal.blueprints.test_bench import mailbox

    base = app.extensions["settings"].base_url
    with app.test_request_context(base_url=base):
        elsewhere, home = mailbox.check_links(["https://example.org/x", f"{base}/home"])
    assert elsewhere == {"link": "https://example.org/x", "status": None, "title": ""}
    assert home["status"] == 303 and home["title"].startswith("/sign-in")


def test_scripts_get_the_same(bench):
    [newest, _] = json.loads(bench.get("/test-bench/mailbox.json").text)
    assert (newest["subject"], newest["state"]) == ("Sign-in from a new browser", "waiting")
    assert len(json.loads(bench.get("/test-bench/mailbox.json?to=sam@example.test&q=browser").text)) == 1
    whole = json.loads(bench.get(f"/test-bench/mailbox/{newest['id']}.json").text)
    assert whole["links"] and ["To", newest["to"]] in whole["headers"] and whole["html"].lstrip().startswith("<!doctype")


def test_what_is_not_there_or_cannot_be_opened_is_not_found(bench, database):
    first, *_ = ids(bench)
    database.change(update(Outbox).values(to_sealed=b"k1\0broken"))
    for path in ("none", "none.json", f"{first}", f"{first}.json", f"{first}/html", f"{first}/links.json"):
        assert bench.get(f"/test-bench/mailbox/{path}").status_code == 404
    assert bench.open("/test-bench/mailbox").status == 200


def test_another_site_reads_no_mail(bench, app):
    for path in ("mailbox.json", f"mailbox/{ids(bench)[0]}.json", f"mailbox/{ids(bench)[0]}/links.json"):
        answer = app.test_client().get(f"/test-bench/{path}", headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403


def test_before_the_first_email_it_is_empty(plain):
    assert "No email is here that fits." in plain.open("/test-bench/mailbox").text
