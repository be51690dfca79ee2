"""One invitation on the home page, for who has no second factor yet; away for thirty days once it is dismissed."""

WORDS = "Protect your health data"


def test_a_patient_without_a_second_factor_is_invited(browser, maria):
    browser.enter(maria)
    assert WORDS in browser.text
    browser.press("Turn it on")
    assert browser.path == "/account/security"


def test_dismissed_it_rests_for_thirty_days(browser, maria, clock):
    browser.enter(maria)
    browser.press("Not now")
    assert browser.path == "/home" and WORDS not in browser.text
    clock.move(days=30, seconds=-1)
    browser.enter(maria)
    assert WORDS not in browser.text
    clock.move(seconds=1)
    browser.open("/home")
    assert WORDS in browser.text


def test_it_rests_for_this_person_only(plain, maria, jun):
    plain.enter(maria).press("Not now")
    assert WORDS in plain.another().enter(jun).text


def test_dismissing_is_a_post(plain, maria, database):
    plain.enter(maria)
    assert plain.get("/home/invitation").status_code == 405
    assert plain.post("/home/invitation", token=None).status_code == 403
    assert database.user(maria).invited_until is None


def test_it_stands_on_the_home_page_alone(plain, maria):
    plain.enter(maria)
    for path in ("/account", "/account/security", "/account/name", "/account/security/two-factor", "/help"):
        plain.open(path)
        assert WORDS not in plain.text


def test_who_is_on_is_not_invited(plain, sam, maria):
    assert WORDS not in plain.enter(sam).text
    other = plain.another().enter(maria).set_up(maria)
    other.open("/home")
    assert WORDS not in other.text
