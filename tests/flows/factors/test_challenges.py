"""What the pages that ask for a code say where texts are switched off."""

from dataclasses import replace


def test_who_gets_no_texts_is_not_told_that_they_are_switched_off(app, plain, sam, monkeypatch):
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], texts=False))
    plain.sign_in(sam)
    assert plain.path == "/sign-in/code" and "turned off" not in plain.text
    plain.fill("Verify", Verification_Code=sam.wrong_code())
    assert plain.status == 422 and "turned off" not in plain.text
    plain.fill("Verify", Verification_Code=sam.code())
    assert plain.path == "/home"
