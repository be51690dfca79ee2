"""The simulated phone: its app, its camera, its clock, its network, its number, and the second phone."""

import io
import json
import re
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import update

from portal.flows.operator.bench import camera
from portal.models import Authenticator, Outbox
from tests.flows.operator.bench.test_camera import converted, picture
from tests.support.markup import squeeze
from tests.support.texts import MARIAS, ask_for_texts, send_to

OTHER = "+16085550117"


@pytest.fixture
def bench(plain):
    """A tester's browser, beside the person's."""
    return plain.another(secrets=[])


def phone_of(bench, person, number=""):
    """Opens a person's phone."""
    return bench.open(f"/test-bench/phones/{person.username}/{number}".rstrip("/"))


def entries(bench):
    """Returns the words of each account in the app."""
    return [part.text for part in bench.page.all("div") if "entry" in part.classes]


def live_code(bench, nth=-1):
    """Returns the digits that an entry shows."""
    parts = [part for part in bench.page.all("div") if "entry" in part.classes]
    return parts[nth].all("code")[0].text


def texts(bench):
    """Returns the texts on the phone."""
    return [part.text for part in bench.page.all("article")]


def save(bench, drift=None, tick=(), untick=(), power=None, number=None):
    """Saves the phone's settings."""
    for label in tick:
        bench.tick(label)
    for label in untick:
        bench.field(label).attributes.pop("checked", None)
    for label, typed in (("Minutes", drift), ("Phone", power), ("Number of its SIM card", number)):
        if typed is not None:
            bench.type(label, typed)
    return bench.press("Save settings")


def be_sent(database, clock):
    """Lets all texts have gone out now."""
    database.change(update(Outbox).where(Outbox.sent_at.is_(None)).values(state="sent", outcome="kept", sent_at=clock.now))


def upload(bench, person, data, name="shot.png"):
    """Uploads a screenshot; returns the refusal, None if it was read."""
    path = f"/test-bench/phones/{person.username}/1/screenshot"
    bench.post(path, {"picture": (io.BytesIO(data), name)})
    if bench.response.status_code == 303:
        return None
    bench._show(path, bench.response, False)
    return bench.problems[0]


def test_its_camera_reads_the_code_of_the_open_page_and_the_account_goes_on(browser, database, maria):
    browser.enter(maria).begin_set_up(maria)
    bench = browser.another(secrets=[])
    phone_of(bench, maria)
    assert bench.heading == "Phone of Maria Reyes" and "No accounts in the app." in bench.text
    bench.press("Scan the QR code")
    assert len(entries(bench)) == 1 and "Being set up" in entries(bench)[0] and "Medximity maria" in entries(bench)[0]
    bench.press("Scan the QR code")
    assert len(entries(bench)) == 1, "once, however often"
    browser.fill("Verify and Enable", Verification_Code=live_code(bench))
    assert browser.heading == "Save your backup codes" or len(browser.read_codes()) == 10
    phone_of(bench, maria)
    assert "Being set up" not in bench.text and maria.code() == live_code(bench)


def test_without_an_open_page_there_is_nothing_to_scan(bench, plain, inbox, maria):
    phone_of(bench, maria).press("Scan the QR code")
    assert bench.status == 422 and bench.problems == [
        "No set-up page shows this person a QR code now. Open one, then scan again."
    ]
    ask_for_texts(plain.enter(maria))
    phone_of(bench, maria).press("Scan the QR code")
    assert bench.status == 422, "a page that asks for a number shows none"


def test_a_typed_key_shows_the_same_codes(bench, plain, maria, sam):
    plain.enter(maria).begin_set_up(maria)
    phone_of(bench, maria).fill("Add the account", Account_name="maria at home", Setup_key=maria.key.lower())
    assert live_code(bench) == maria.code() and "maria at home" in entries(bench)[0]
    bench.fill("Add the account", Setup_key="GEZD 1111")
    assert bench.status == 422 and bench.problems[0].startswith("That isn't a setup key")
    assert bench.field("Setup key")["value"] == "GEZD 1111" and len(entries(bench)) == 1
    bench.fill("Add the account", Setup_key=" ")
    assert bench.problems == ["Enter the setup key."]


def test_a_screenshot_is_read_or_it_says_why_not(bench, maria, monkeypatch):
    phone_of(bench, maria)
    uri = "otpauth://totp/Medximity:maria?secret=GEZDGNBVGY3TQOJQ&issuer=Medximity"
    assert upload(bench, maria, picture(uri)) is None and phone_of(bench, maria).status == 200
    assert "No longer used" in entries(bench)[0], "a key that the account doesn't know"
    assert upload(bench, maria, b"GIF89a").startswith("That file isn't a picture")
    assert upload(bench, maria, picture("https://medximity.example")).startswith("That QR code isn't for an authenticator app")
    assert upload(bench, maria, picture(uri.replace("totp", "hotp"))).startswith("That QR code is for codes that are counted")
    assert upload(bench, maria, picture(), name="") == "Choose a picture first."
    monkeypatch.setattr(camera, "PACKAGES", ("no_such_package",))
    assert upload(bench, maria, picture(uri)).startswith("The camera needs packages")
    phone_of(bench, maria)
    assert not bench.offers("Scan the QR code") and "the extra test-bench" in bench.text


def test_a_large_screenshot_is_taken_and_a_larger_one_is_not(app, bench, maria):
    phone_of(bench, maria)
    noise = converted(Image.effect_noise((700, 700), 90), "png")
    assert 200_000 < len(noise) < 4_000_000
    assert upload(bench, maria, noise).startswith("There's no QR code in that picture")
    for path, size in (("screenshot", 5_000_000), ("key", 100_000)):  # other forms stay short
        kind = "multipart/form-data; boundary=x"
        answer = app.test_client().post(f"/test-bench/phones/maria/1/{path}", data=b"0" * size, content_type=kind)
        assert answer.status_code == 413


def test_after_a_change_the_old_account_stays_until_it_is_deleted(bench, plain, sam):
    plain.enter(sam)
    plain.open("/account/security").press("Change Authenticator App")
    plain.press("Continue") if plain.offers("Continue") else None
    phone_of(bench, sam).press("Scan the QR code")
    assert len(entries(bench)) == 2
    plain.fill("Verify and Enable", Verification_Code=live_code(bench))
    assert plain.path == "/account/security"
    phone_of(bench, sam)
    old, new = entries(bench)
    assert "No longer used" in old and "No longer used" not in new
    for left in (1, 0):
        bench.press("Delete Medximity sam")
        assert len(entries(bench)) == left
    assert "No accounts in the app." in phone_of(bench, sam).text, "not even the one that the account still has"


def test_a_seeded_account_can_be_deleted_and_another_company_s_can_be_added(bench, sam):
    phone_of(bench, sam).press("Delete Medximity sam")
    assert entries(bench) == []
    bench.press("Add another company's account")
    assert len(entries(bench)) == 1 and "Harbor Bank sam" in entries(bench)[0] and live_code(bench) != sam.code()
    bench.post("/test-bench/phones/sam/1/entries/gone/delete")
    assert bench.response.status_code == 303


def test_an_account_whose_key_cannot_be_opened_stays_without_a_code(bench, database, sam):
    database.change(update(Authenticator).values(secret_sealed=b"k1\0broken"))
    phone_of(bench, sam).press("Add another company's account")
    assert len(entries(bench)) == 2 and "Setup key" not in entries(bench)[1]


def test_a_slow_clock_is_told_at_sign_in_and_set_right_by_the_switch(bench, plain, sam):
    phone_of(bench, sam)
    save(bench, untick=["Set Automatically"], drift="-5")
    assert bench.field("Minutes")["value"] == "-5" and "checked" not in bench.field("Set Automatically")
    plain.sign_in(sam).fill("Verify", Verification_Code=live_code(bench))
    assert plain.status == 422 and "about 5 minutes slow" in plain.problems[0]
    save(bench, tick=["Set Automatically"])
    plain.fill("Verify", Verification_Code=live_code(bench))
    assert plain.path == "/home"


@pytest.mark.parametrize("typed", ["five", "1.5", "1441", "-99999", "٥" * 6])
def test_minutes_that_are_none_are_refused(bench, sam, typed):
    phone_of(bench, sam)
    save(bench, untick=["Set Automatically"], drift=typed)
    assert bench.status == 422 and bench.problems == ["Enter a whole number of minutes from -1,440 to 1,440."]
    assert bench.field("Minutes")["value"] == typed


def test_a_choice_that_there_is_not_is_refused(bench, sam):
    phone_of(bench, sam)
    bench.post("/test-bench/phones/sam/1/settings", {"power": "melted", "number": "12"})
    assert bench.response.status_code == 422 and "Write the number with +" in bench.response.text


def test_a_text_waits_for_the_network_and_not_longer_than_its_code_lives(bench, plain, database, inbox, clock, maria):
    ask_for_texts(plain.enter(maria))
    phone_of(bench, maria)
    save(bench, untick=["Network"])
    save(bench)  # again, as it is
    clock.move(seconds=1)
    send_to(plain, MARIAS)
    phone_of(bench, maria)
    assert texts(bench) == [], "not sent yet"
    be_sent(database, clock)
    clock.move(minutes=3)
    assert texts(phone_of(bench, maria)) == [] and "No network" in bench.text
    save(bench, tick=["Network"])
    assert inbox.code(maria) in texts(bench)[0]
    clock.move(seconds=1)
    save(bench, untick=["Network"])
    assert len(texts(bench)) == 1, "what has arrived stays"
    plain.press("Send again") if plain.offers("Send again") else plain.post("/account/security/two-factor/sms/send")
    be_sent(database, clock)
    clock.move(minutes=20)
    phone_of(bench, maria)
    save(bench, tick=["Network"])
    assert len(texts(bench)) == 1, "the second one is too old"


def test_a_text_to_the_old_number_reaches_no_phone_with_another(bench, plain, database, clock, maria):
    phone_of(bench, maria)
    save(bench, number="(608) 555-0117")
    assert bench.status == 422 and bench.problems == ["Write the number with + and the country code."]
    save(bench, number="+1 (608) 555-0117")
    assert bench.field("Number of its SIM card")["value"] == OTHER
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    be_sent(database, clock)
    assert texts(phone_of(bench, maria)) == []
    clock.move(minutes=1)
    save(bench, number=MARIAS)
    assert len(texts(bench)) == 1, "the network tries again as long as the code lives"


def test_the_second_phone_is_empty_and_takes_over_number_and_set_up(bench, plain, database, clock, maria):
    phone_of(bench, maria, 2)
    assert "No accounts in the app." in bench.text and "The SIM card is in the other phone" in bench.text
    bench.press("Move the SIM card to this phone")
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    clock.move(seconds=1)
    be_sent(database, clock)
    assert len(texts(phone_of(bench, maria))) == 1 and bench.path == "/test-bench/phones/maria"
    assert texts(phone_of(bench, maria, 1)) == []
    phone_of(bench, maria, 1).press("Move the SIM card to this phone")
    assert "+1 503-555-0164" in bench.text.replace("\u2011", "-") or "503" in bench.text


@pytest.mark.parametrize("power, said", [("Battery dead", "The battery is dead."), ("Lost", "This phone is lost.")])
def test_a_phone_that_does_not_run_shows_nothing(bench, sam, power, said):
    phone_of(bench, sam)
    save(bench, power=power)
    assert said in bench.text and sam.code() not in bench.text and not bench.offers("Scan the QR code")
    reader = bench.another(secrets=[]).open("/test-bench")
    assert said in reader.text and sam.code() not in reader.text
    bench.post("/test-bench/phones/sam/1/other")
    assert bench.response.status_code == 422
    phone_of(bench, sam)
    save(bench, power="On")
    assert live_code(bench) == sam.code()


def test_nobody_and_no_third_phone(bench, sam):
    for path in ("nobody", "sam/3", "sam/0/1", "nobody.json"):
        assert bench.get(f"/test-bench/phones/{path}").status_code == 404


def test_scripts_get_the_same(bench, sam, maria):
    first, second = json.loads(bench.get("/test-bench/phones/sam.json").text)
    assert (first["entries"][0]["code"], squeeze("".join(first["entries"][0]["key_groups"]))) == (sam.code(), sam.key)
    assert (first["person"], first["card"], second["entries"]) == ("Sam Okoye", True, [])
    everybody = json.loads(bench.get("/test-bench/phones.json").text)
    assert [each["username"] for each in everybody][:3] == ["maria", "jun", "sam"]
    assert json.loads(bench.get("/test-bench/texts.json").text) == []


@pytest.mark.parametrize(
    "headers, status",
    [
        ({"Host": "evil.example"}, 400),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://127.0.0.1:5000", "Host": "127.0.0.1:5000"}, 200),
    ],
)
def test_a_page_of_another_host_gets_nothing(app, sam, headers, status):
    for path in ("/test-bench/phones.json", "/test-bench/phones/sam.json", "/test-bench/texts.json"):
        answer = app.test_client().get(path, headers=headers)
        assert answer.status_code == status
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]
        assert status == 200 or sam.key not in answer.text.replace(" ", "")


def test_what_the_phones_keep_is_sealed_on_disk(bench, world, plain, maria):
    plain.enter(maria).begin_set_up(maria)
    phone_of(bench, maria).press("Scan the QR code")
    kept = (world.site.folder / "test-bench.state").read_bytes()
    assert maria.key.encode() not in kept and not re.search(rb"otpauth|maria", kept)


def test_the_page_is_the_same_for_who_asks_in_the_background(bench, sam):
    answer = bench.get("/test-bench/phones/sam/1", HX_Request="true", X_Background="1", HX_Target="updates")
    assert 'id="news"' in answer.text and sam.code() in answer.text


def test_time_on_the_phone_is_its_own(bench, sam, clock):
    phone_of(bench, sam)
    save(bench, untick=["Set Automatically"], drift="90")
    [shown] = [part["datetime"] for part in bench.page.all("time")][:1]
    assert shown == (clock.now + timedelta(minutes=90)).strftime("%Y-%m-%dT%H:%M:%SZ")
