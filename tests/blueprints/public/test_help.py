"""The pages that are open to everybody, signed in or not."""

import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from portal.help import articles
from portal.languages import PSEUDO, SOURCE
from tests.house.source import TEMPLATES

NAME = re.compile(r'"([a-z-]+)"')
PAGES = {
    "/help": "Help",
    "/help/contact": "Contact Support",
    "/find-a-provider": "Find a provider",
    "/community": "Community forum",
    "/privacy": "Privacy",
    "/accessibility": "Accessibility",
    "/language-help": "Language help",
}


@pytest.mark.parametrize(("path", "heading"), PAGES.items())
@pytest.mark.parametrize("who", ["stranger", "claimant", "patient"])
def test_the_page_opens_for_everybody(plain, sam, path, heading, who):
    if who != "stranger":
        plain.sign_in(sam) if who == "claimant" else plain.enter(sam)
    plain.open(path)
    assert (plain.status, plain.heading) == (200, heading)


def test_they_are_reached_from_the_header_and_footer_of_every_page(plain, maria):
    for start in ("/sign-in", "/no-such-page"):
        for label in ("Find a provider", "Community forum", "Help", "Privacy", "Accessibility", "Language help", "Appearance"):
            plain.open(start)
            plain.press(label)
            assert plain.heading == label


def test_the_account_menu_leads_on(browser, maria):
    browser.enter(maria)
    menu = browser.page.one("summary")
    assert menu.name == "MR Maria Reyes, Account menu"
    for label in ("Account Settings", "Help"):
        browser.open("/home")
        browser.press(label)
        assert browser.heading == label


def test_every_article_is_listed_and_every_link_in_it_leads_on(app, plain):
    adapter, offers = app.url_map.bind("localhost"), plain.open("/help").page.one("main")
    listed = [link["href"] for link in offers.all("a") if link["href"].startswith("/help/")]
    for texts, days in ((True, 30), (False, 0)):
        written = articles.list_articles(SOURCE, articles.Offered(texts, days))
        links = [href for each in written.values() for href in re.findall(r'href="([^"]+)"', each.body)]
        assert len(written) > 20 and len(links) > 50 and {adapter.match(href)[0] for href in links}
        named = {href.removeprefix("/help/") for href in links if adapter.match(href)[0] == "help.article"}
        assert named <= written.keys() and {f"/help/{name}" for name in written} <= set(listed)


def test_every_page_links_to_an_article_that_is_there():
    written = articles.list_articles(SOURCE, articles.Offered(texts=True, trusted_days=30, new_browsers=True))
    calls = r'help_link\("[^)]*|url_for\("help.article", name="[^)]*'
    linked = {
        name for path in TEMPLATES.rglob("*.html") for call in re.findall(calls, path.read_text()) for name in NAME.findall(call)
    }
    assert len(linked) > 12 and linked - {"ehr"} <= written.keys()


def test_an_article_tells_the_steps_and_leads_back(plain):
    plain.open("/help")
    plain.press("Set it up with an authenticator app")
    assert (plain.heading, plain.path) == ("Set it up with an authenticator app", "/help/set-up-app")
    assert "Select Verify and Enable." in [step.text for step in plain.page.one("ol").all("li")]
    plain.press("Back to Help")
    assert plain.path == "/help"
    for nowhere in ("no-such-article", "en", "__init__", "..%2Fen%2Fbackup-codes", "backup-codes.md", "%00"):
        assert plain.open(f"/help/{nowhere}").status in (400, 404)


def test_the_ehr_begins_with_the_articles_for_providers(plain, sam, dr_okafor):
    assert plain.enter(sam).open("/help").page.all("h2")[0].text == "Get started"
    assert plain.another().enter(dr_okafor).open("/help").page.all("h2")[0].text == "For providers"


def test_help_tells_what_to_try_in_the_guides_order(plain):
    plain.open("/help/code-not-working")
    part = plain.text[plain.text.index("Try these in order.") :]
    order = [
        "Check the time",
        "Wait for a fresh code",
        "Look for the right account",
        "Check your text messages",
        "Use a backup code",
    ]
    assert [part.index(words) for words in order] == sorted(part.index(words) for words in order)


def test_help_speaks_of_texts_only_while_they_are_offered(app, plain, monkeypatch):
    assert "Text Message (SMS)" in plain.open("/help/methods").text
    without = replace(app.extensions["settings"], texts=False, trusted_browser_days=0)
    monkeypatch.setitem(app.extensions, "settings", without)
    assert plain.open("/help/set-up-texts").status == plain.open("/help/trusted-browsers").status == 404
    for name, each in articles.list_articles(SOURCE, articles.Offered(texts=False, trusted_days=0)).items():
        shown = plain.open(f"/help/{name}").page.one("main").text
        assert each.title in shown and not re.search(r"\btext(s|ed)?\b|\btrusted browsers\b", shown, re.IGNORECASE), name


def test_an_article_without_a_translation_says_that_it_is_english(app, plain, monkeypatch):
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], languages=(SOURCE, PSEUDO)))
    plain.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = PSEUDO
    page = plain.open("/help/turn-off").page
    assert page.one("html")["lang"] == PSEUDO
    assert page.one("h1").all("span")[0]["lang"] == page.one("div", **{"class": "prose"})["lang"] == SOURCE
    assert plain.open("/help").page.one("main").all("li")[0].one("span")["lang"] == SOURCE


def test_a_search_finds_an_article_in_spite_of_a_slip(browser):
    browser.open("/help")
    browser.type("Search help", "bakcup codes")
    browser.press("Search")
    found = browser.page.one("ul", **{"class": "ways"}).all("a")
    assert (found[0].text, found[0]["href"]) == ("Backup codes", "/help/backup-codes")
    assert (browser.status, browser.query, browser.field("Search help")["value"]) == (200, "q=bakcup+codes", "bakcup codes")
    browser.press("backup codes")
    assert "Did you mean" not in browser.text and browser.query == "q=backup+codes"
    browser.press("All articles")
    assert "Get started" in browser.text


ODD = ("%", "+-*~^:", "x" * 10_000, "비밀번호", "<script>alert(1)</script>", "a\nb\tc", "%00", "title:code^9", "'\"")


def test_whatever_is_searched_gets_a_calm_page(plain):
    assert "Get started" in plain.open("/help?q=+").text and "Get started" in plain.open("/help?x=1").text
    for typed in ODD:
        page = plain.open(f"/help?{urlencode({'q': typed})}")
        assert page.status == 200 and len(plain.response.text) < 12_000 and "<script>alert" not in plain.response.text, typed
    plain.open("/help?q=zzzz")
    assert "No article fits “zzzz”" in plain.text and plain.offers("Contact Support")


def test_support_says_what_to_have_ready_and_what_never_to_share(plain, maria):
    plain.enter(maria).open("/help/contact")
    assert "support@medximity.example" in plain.text
    assert "registered email address" in plain.text
    assert "Support will never ask for them." in plain.text


def test_who_is_not_signed_in_is_led_to_the_request(plain, maria, sam):
    assert plain.open("/help/contact").path == "/contact-support"
    assert plain.sign_in(sam).open("/help/contact").path == "/contact-support"
    assert plain.another().enter(maria).open("/contact-support").path == "/help/contact"


def test_the_practices_are_listed_with_their_telephone(plain):
    plain.open("/find-a-provider")
    assert "Riverside Family Practice" in plain.text and "Lakeside Clinic" in plain.text
    assert all(link["href"].startswith("tel:") for link in plain.page.one("main").all("a"))


def test_the_account_page_masks_what_others_might_read(browser, maria, jun):
    browser.enter(jun)
    browser.press("Account Settings")
    assert "Jun Park" in browser.text and "j•••@example.test" in browser.text
    assert "••• ••• ••34" in browser.text
    assert "jun@" not in browser.text and "5550" not in browser.text


def test_a_person_without_phone_or_readable_address_sees_a_dash(plain, database, sam):
    from sqlalchemy import update

    from portal.models import User

    database.change(update(User).where(User.username == "sam").values(email_sealed=b"k1\0broken"))
    plain.enter(sam)
    plain.open("/account")
    assert "Sam Okoye" in plain.text and plain.text.count("None on file") == 2


def test_home_shows_what_is_guarded(browser, maria):
    browser.enter(maria)
    for words in ("Appointments", "Provider communications", "Health data", "Check-up", "Your blood test", "182 mg/dL"):
        assert words in browser.text


def test_a_patient_sees_their_own_rows_and_nobody_elses(plain, database, maria):
    from sqlalchemy import update

    from portal.models import Letter

    other = update(Letter).where(Letter.patient_id != database.user(maria).id).values(subject="the letter of another patient")
    database.change(other)
    plain.enter(maria)
    assert "the letter of another patient" not in plain.response.text


def test_a_home_without_rows_says_so_kindly(plain, database, maria):
    from sqlalchemy import delete

    from portal.models import Appointment, Letter, Result

    for model in (Appointment, Letter, Result):
        database.change(delete(model))
    plain.enter(maria)
    assert plain.status == 200 and "You have no appointments booked." in plain.text


def test_what_a_template_prints_is_escaped(plain, database, maria):
    from sqlalchemy import update

    from portal.models import Letter, User

    database.change(update(Letter).values(subject="<script>alert(1)</script>"))
    database.change(update(User).where(User.username == "maria").values(full_name='"><img src=x onerror=alert(1)>'))
    plain.enter(maria)
    assert "<script>alert" not in plain.response.text and "<img" not in plain.response.text


def test_pictures_follow_the_colors_that_the_reader_chose(plain):
    for choice, media in ((None, "screen and (prefers-color-scheme: dark)"), ("Dark", "screen"), ("Light", "not all")):
        if choice:
            plain.open("/appearance").choose(choice)
            plain.press("Save")
        figures = plain.open("/help/set-up-app").page.all("figure")
        assert len(figures) == 2 and {each.one("source")["media"] for each in figures} == {media}
    paper, picture = figures[0].all("img")
    assert picture["alt"].startswith("The Security page.") and picture["loading"] == "lazy" and picture["width"] == "390"
    light, dark = picture["src"], figures[0].one("source")["srcset"]
    assert [plain.client.get(address, buffered=True).mimetype for address in (light, dark)] == [
        "image/webp"
    ] * 2 and dark != light == paper["src"]
