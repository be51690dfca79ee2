"""The pages of scenarios: begun, ticked off, told as text. tests/browser/test_scenarios.py walks each of them."""

import re

import pytest
from sqlalchemy import update

from portal.flows.operator.bench.scenario_list import PARTS, SCENARIOS
from portal.models import User

HERE = "/test-bench/scenarios"


def begin(browser, name):
    """Begins a scenario from its page."""
    browser.open(f"{HERE}/{name}")
    found = next(form for form in browser.page.all("form") if form["action"].endswith("/begin"))
    browser.press(found.one("button").name)
    return browser


def live_codes(browser):
    """Returns the codes on the phone that a page shows."""
    return [code.text for code in browser.page.all("code") if re.fullmatch(r"\d{6}", code.text)]


def send(browser, name, **form):
    """Sends the ticks of a scenario."""
    browser.open(f"{HERE}/{name}")
    return browser.client.post(f"{HERE}/{name}/progress", data={"csrf_token": browser.token, **form})


def test_each_part_has_scenarios_and_each_scenario_an_address_of_its_own(plain):
    plain.open(HERE)
    assert {scenario.part for scenario in SCENARIOS} == set(PARTS)
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
    for scenario in SCENARIOS:
        assert scenario.title in plain.text
        assert plain.get(f"{HERE}/{scenario.name}").status_code == 200


def test_begun_it_shows_the_phone_the_paper_and_the_way_in(plain):
    begin(plain, "clock")
    assert plain.heading == "1. The phone's clock is wrong"
    assert len(live_codes(plain)) == 1
    assert "about 5 minutes slow" in plain.text
    plain.press("Sign in as far as the password")
    assert plain.path == "/sign-in/code"


def test_the_code_of_the_slow_phone_shows_the_trouble(plain):
    begin(plain, "clock")
    [code] = live_codes(plain)
    plain.press("Sign in as far as the password")
    plain.fill("Verify", Verification_Code=code)
    assert "about 5 minutes slow" in plain.problems[0]


def test_another_companys_account_is_on_the_phone_where_it_is_needed(plain):
    assert "Harbor Bank" in begin(plain, "right-account").text
    assert "Harbor Bank" not in begin(plain, "fresh-code").text


def test_beginning_ends_what_an_earlier_scenario_has_broken(plain):
    begin(plain, "text-delivery")
    assert plain.get("/test-bench/faults.json").json["text"]["answer"] == "refused"
    begin(plain, "clock")
    assert plain.get("/test-bench/faults.json").json["text"]["answer"] == "kept"


def test_a_shared_address_of_somebody_who_is_gone_says_so_and_puts_them_back(plain, database):
    plain.open(f"{HERE}/locked-out")
    assert "Omar Diaz has no account now." in plain.text
    assert not plain.offers("Sign in as far as the password")
    begin(plain, "locked-out")
    assert plain.offers("Sign in as far as the password")
    database.change(update(User).where(User.username == "bench.locked").values(username="someone.else"))
    assert "Omar Diaz has no account now." in plain.open(f"{HERE}/locked-out").text


def test_whoever_vanished_meanwhile_is_put_back_by_signing_in(plain):
    begin(plain, "locked-out")
    token = plain.token
    plain.open("/test-bench/start-over").press("Start over")
    token = plain.open(HERE).token or token
    answer = plain.client.post(f"{HERE}/locked-out/sign-in", data={"csrf_token": token})
    assert answer.location == "/sign-in/code"


def test_a_refusal_at_sign_in_is_told_on_the_scenarios_page(plain):
    begin(plain, "reset").press("Sign in as far as the password")
    assert plain.status == 422 and plain.heading == "After a reset, the password alone opens nothing"
    assert "Two-factor authentication for this account was reset." in plain.problems[0]


def test_what_was_ticked_is_kept_and_told_as_text(plain):
    plain.open(f"{HERE}/clock").tick("Select Verify")
    plain.choose("It worked as described")
    plain.press("Save ticks")
    assert "checked" in plain.field("Select Verify")
    lines = plain.get(f"{HERE}/results.txt").text.splitlines()
    assert len(lines) == len(SCENARIOS)
    assert "clock  1/3  It worked as described  2027-03-01T12:00:10+00:00" in lines
    assert " ".join(lines[0].split()) in plain.open(f"{HERE}/results").text
    [told] = [each for each in plain.get(f"{HERE}.json").json if each["name"] == "clock"]
    assert (told["ticks"], told["result"], told["steps"][1]) == ([2], "worked", "Select Verify")


def test_beginning_again_takes_its_ticks_away_and_no_others(plain):
    send(plain, "clock", seen="1", result="failed")
    send(plain, "help", seen="1", result="worked")
    begin(plain, "clock")
    results = {each["name"]: each["result"] for each in plain.get(f"{HERE}.json").json}
    assert (results["clock"], results["help"]) == ("", "worked")


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"seen": "4"}, "The steps of this scenario changed"),
        ({"seen": ["1", "zero"]}, "The steps of this scenario changed"),
        ({"result": "perfect"}, "Choose how it went."),
    ],
)
def test_ticks_of_other_steps_are_refused(plain, form, sentence):
    answer = send(plain, "clock", **form)
    assert answer.status_code == 422 and sentence in answer.text


def test_another_name_is_no_scenario(plain):
    assert plain.get(f"{HERE}/none").status_code == 404
    assert send(plain, "clock").status_code == 303


def test_a_person_who_cannot_be_put_in_place_is_told_why(plain, world, monkeypatch):
    from tests.blueprints.test_bench.test_people import without_texts

    plain.open(f"{HERE}/new-number")
    monkeypatch.setitem(world.app.extensions, "settings", without_texts(world))
    plain.press("Put Tess Grant in place")
    assert plain.problems == ["Text messages are turned off right now, so we didn't send one. Use another way."]


def test_a_page_that_was_open_before_a_sign_in_can_still_be_saved_by_its_own_browser_alone(plain):
    begin(plain, "clock")
    form = {"csrf_token": plain.token, "seen": ["1"], "result": ""}
    plain.press("Sign in as far as the password")  # in another tab
    address = f"{HERE}/clock/progress"
    assert plain.client.post(address, data=form).status_code == 403
    for site in ("cross-site", "same-site", "none"):
        assert plain.client.post(address, data=form, headers={"Sec-Fetch-Site": site}).status_code == 403
    own = {"Sec-Fetch-Site": "same-origin"}
    assert plain.client.post(address, data={"seen": ["1"], "result": ""}, headers=own).status_code == 403
    [clock] = [each for each in plain.get(f"{HERE}.json").json if each["name"] == "clock"]
    assert clock["ticks"] == []
    assert plain.client.post(address, data=form, headers=own).status_code == 303
    [clock] = [each for each in plain.get(f"{HERE}.json").json if each["name"] == "clock"]
    assert clock["ticks"] == [1]
