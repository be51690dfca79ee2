"""A live code or key in what somebody writes: refused, taken out, spent, recorded, and told to its owner."""

import pytest
from sqlalchemy import update

from portal.answers import CODE, Answer
from portal.db import begin_write, db
from portal.flows.base import act_proofs
from portal.flows.base.context import RequestContext
from portal.flows.factors import authenticators, bindings, code_sets, find_secrets, setup, shared_secrets
from portal.flows.factors.shared_secrets import SecretShown, refuse_secrets, spend_unguessable
from portal.flows.sessions import sessions
from portal.methods import method
from portal.models import Authenticator, BackupCode, BackupCodeSet, Binding, Event, Outbox, SentCode, SpentStep
from portal.settings import config
from portal.words.refusals import Refused
from tests.support.digits import totp


def context_of(app, clock, cookie=None):
    """The context of a request with that session, or of a stranger's."""
    visitor = sessions.find_session(cookie, clock.now) if cookie else None
    return RequestContext(
        now=clock.now, keys=app.extensions["keys"], ip="127.0.0.1", user_agent="", request_id="r", visitor=visitor
    )


@pytest.fixture
def as_sam(app, plain, clock, sam):
    """Sam's context, signed in with a code, inside the portal."""
    plain.enter(sam)
    with app.app_context():
        yield lambda: context_of(app, clock, plain.cookie())


def refuse(context, text, *others, name="message"):
    """Returns the refusal of a text, or None."""
    try:
        refuse_secrets(context, {name: text}, *others)
    except SecretShown as refused:
        return refused
    return None


def used(database):
    return [row.number for row in database.all(BackupCode, BackupCode.used_at.is_not(None))]


def shown_events(database):
    """Returns (reason, actor, subject) of each event."""
    rows = database.all(Event, Event.event == "secret_shown")
    assert all(row.result == "refused" for row in rows)
    return [(row.reason, row.actor_id, row.subject_id) for row in rows]


def notices(database):
    return [row.facts for row in database.all(Outbox, Outbox.template == "secret_shown")]


def spaced(code, between=" "):
    return between.join(code.replace("-", ""))


@pytest.mark.parametrize(
    "dress", [str, spaced, str.lower, lambda code: "".join(chr(ord(each) + 0xFEE0) for each in code), lambda code: f"x{code}x"]
)
def test_a_backup_code_is_refused_and_used_up_however_it_is_written(as_sam, database, sam, dress):
    written = dress(sam.codes[3])
    refused = refuse(as_sam(), f"It is {written}. Help!")
    assert (refused.reason, refused.facts, refused.field) == ("shown_backup_code", {"codes": 1}, "message")
    assert refused.rest["message"].removeprefix("It is ") in ("…. Help!", "x…x. Help!")
    assert used(database) == [4]
    me = database.user(sam).id
    assert shown_events(database) == [("backup_code", me, me)]
    assert [(each["codes"], each["key"], each["left"]) for each in notices(database)] == [(1, 0, 9)]


def test_what_is_left_of_it_may_be_sent(as_sam, sam):
    refused = refuse(as_sam(), f"{sam.codes[0]} and {sam.codes[1]} fail")
    assert refused.facts == {"codes": 2}
    assert refuse(as_sam(), refused.rest["message"]) is None


def test_a_used_code_and_somebody_elses_are_just_letters(as_sam, database, sam, dr_okafor):
    assert refuse(as_sam(), sam.codes[0])
    assert refuse(as_sam(), f"{sam.codes[0]}, {dr_okafor.codes[0]}, and {dr_okafor.key}") is None
    assert used(database) == [1] and len(shown_events(database)) == 1


def test_letters_that_people_mistake_are_read_as_on_the_page_of_a_backup_code(as_sam, database, sam):
    code = next(code for code in sam.codes if set("01") & set(code))
    assert refuse(as_sam(), code.replace("0", "o").replace("1", "l")).reason == "shown_backup_code"


@pytest.mark.parametrize("cut", [slice(None), slice(16), slice(9, 25)])
def test_a_key_or_half_of_it_is_refused_and_stays(as_sam, database, sam, clock, cut):
    refused = refuse(as_sam(), f"otpauth://totp/9?={sam.key[cut].lower()}&9=x", name="subject")
    assert (refused.reason, refused.field) == ("shown_key", "subject")
    assert refused.rest == {"subject": "otpauth://totp/9?=…&9=x"}
    assert [each["key"] for each in notices(database)] == [1]
    assert refuse(as_sam(), sam.key).reason == "shown_key"
    assert len(notices(database)) == 1, "one email an hour"


def test_less_than_half_a_key_gives_nothing_away(as_sam, sam):
    assert refuse(as_sam(), f"{sam.key[:15]}9{sam.key[16:31]}") is None


def test_a_current_code_is_refused_and_spent(app, database, sam, plain, clock):
    plain.enter(sam)
    with app.app_context():
        context = context_of(app, clock, plain.cookie())
        assert refuse(context, f"it says {spaced(sam.code(1))} now").reason == "shown_code"
        assert notices(database) == [] and len(database.all(SpentStep)) == 1
        assert refuse(context, sam.code(1)) is None, "a spent code is no secret"
        assert refuse(context, sam.code(3)) is None, "neither is one that is not accepted now"
    late = plain.another()
    late.sign_in(sam).fill("Verify", Verification_Code=sam.code(1))
    assert "already used" in late.problems[0]


def test_the_code_of_the_sign_in_is_spent_already(as_sam, sam):
    assert refuse(as_sam(), sam.code()) is None


def test_a_texted_code_is_refused_and_spent(as_sam, app, database, sam):
    context = as_sam()
    add_sent_code(context, database.user(sam).id, "482913")
    assert refuse(context, "111 111 and ٤٨٢ ٩١٣ came").reason == "shown_code"
    assert database.all(SentCode)[0].used_at == context.now
    assert refuse(context, "482913") is None


def add_sent_code(context, user_id, code, row_id="s" * 32):
    message = Outbox(
        id=row_id, user_id=user_id, kind="text", template="code", facts={}, to_sealed=b"", created_at=context.now
    )  # fmt: skip
    db.session.add(message)
    db.session.flush()
    db.session.add(
        SentCode(
            id=row_id, user_id=user_id, attempt="session:1", authenticator_id="a", to_hash=b"", prefix="", ip="", outbox_id=row_id,
            code_hash=context.keys.mac(code, row_id), created_at=context.now, expires_at=context.now + config.TEXT_LIFE,
        )
    )  # fmt: skip
    db.session.commit()


def begin_extra(context):
    """Begins one more app; returns its key."""
    setup.begin_setup(context, method("totp"), is_extra=True)
    binding = setup.open_binding(context)
    return bindings.binding_secret(context, binding.user, binding).text


def test_a_key_in_set_up_never_becomes_a_factor(as_sam, database, sam):
    key = begin_extra(as_sam())
    assert refuse(as_sam(), key).reason == "shown_set_up"
    assert database.all(Binding) == [] and [each[0] for each in shown_events(database)] == ["set_up"]
    assert notices(database) == []
    assert begin_extra(as_sam()) != key


def test_a_code_of_an_app_in_set_up_is_spent_for_it(as_sam, database, clock):
    key = begin_extra(as_sam())
    assert refuse(as_sam(), totp(key, clock.now)).reason == "shown_code"
    with pytest.raises(Refused, match="used"):
        setup.submit_step(as_sam(), method("totp"), method("totp").steps[0], Answer(CODE, totp(key, clock.now)))


def test_a_key_that_was_proved_at_that_moment_is_an_authenticators(as_sam, database, sam, clock):
    context = as_sam()
    key = begin_extra(context)
    texts = find_secrets.Texts({"message": key})
    (found,) = find_secrets.find_of_authenticators(context, {context.user.user_id}, texts)
    setup.submit_step(context, method("totp"), method("totp").steps[0], Answer(CODE, totp(key, clock.now)))
    assert found.spend() == "key"
    db.session.rollback()
    begin_write()
    act_proofs.keep_proof(context, authenticators.removal(found.spend.args[1]), database.user(sam).generation)
    db.session.commit()
    assert authenticators.remove_authenticator(context, found.spend.args[1])
    assert found.spend() is None


def test_several_at_once_have_one_sentence(as_sam, database, sam):
    refused = refuse(as_sam(), f"{sam.codes[0]} {sam.key} {sam.code(1)}")
    assert refused.reason == "shown_several" and refused.rest == {"message": "… … …"}
    assert sorted(each[0] for each in shown_events(database)) == ["backup_code", "code", "key"]
    assert [(each["codes"], each["key"]) for each in notices(database)] == [(1, 1)]


def test_texts_made_to_be_slow_are_limited(as_sam, sam, monkeypatch):
    monkeypatch.setattr(config, "DENSE_TEXTS", 2)
    dense = "".join(f"{number:x}7" for number in range(999))[:600]
    for _ in range(config.DENSE_TEXTS):
        assert refuse(as_sam(), dense) is None
    with pytest.raises(Refused, match="throttled"):
        refuse_secrets(as_sam(), {"message": dense})
    assert refuse(as_sam(), f"Now {sam.codes[0]}").reason == "shown_backup_code"


def test_of_several_fields_each_keeps_its_rest(as_sam, sam):
    with pytest.raises(SecretShown) as caught:
        refuse_secrets(as_sam(), {"subject": "Locked out", "message": f"With {sam.codes[2]}."})
    assert caught.value.field == "message"
    assert caught.value.rest == {"subject": "Locked out", "message": "With …."}


def test_somebody_who_writes_another_ones_code_is_told_so_and_so_is_its_owner(as_sam, database, sam, dr_okafor):
    me, other = database.user(sam).id, database.user(dr_okafor).id
    assert refuse(as_sam(), f"{dr_okafor.codes[0]} {dr_okafor.code()}", other).reason == "shown_theirs"
    assert sorted(shown_events(database)) == [("backup_code", me, other), ("code", me, other), ("colleague", me, me)]
    assert [row.user_id for row in database.all(Outbox, Outbox.template == "secret_shown")] == [other]


def test_a_code_that_was_used_between_the_look_and_the_lock_is_refused_and_used_once(as_sam, database, sam, monkeypatch):
    whole = shared_secrets.spend

    def used_first(context, found):
        database.change(update(BackupCode).where(BackupCode.number == 1).values(used_at=context.now))
        database.change(update(SentCode).values(used_at=context.now))
        whole(context, found)

    add_sent_code(as_sam(), database.user(sam).id, "482913")
    monkeypatch.setattr(shared_secrets, "spend", used_first)
    assert refuse(as_sam(), f"{sam.codes[0]} 482913").reason == "shown_several"
    assert shown_events(database) == [] and notices(database) == []


def test_what_the_keys_at_hand_do_not_open_hides_nothing_else(as_sam, database, sam):
    database.change(update(Authenticator).values(secret_sealed=b"k\0broken"))
    assert refuse(as_sam(), f"{sam.key} {sam.codes[0]}").reason == "shown_backup_code"
    database.change(update(BackupCodeSet).values(pepper_sealed=b"k\0broken"))
    assert refuse(as_sam(), sam.codes[1]) is None


# --- somebody who has not proved who they are


@pytest.fixture
def stranger(app, clock):
    with app.app_context():
        yield context_of(app, clock)


def test_a_strangers_true_backup_code_and_key_are_spent(stranger, database, sam):
    me = database.user(sam).id
    assert spend_unguessable(stranger, {"story": f"{sam.key} {sam.codes[4]}"}, [me])
    assert used(database) == [5]
    assert sorted(shown_events(database)) == [("backup_code", None, me), ("key", None, me)]


def test_a_strangers_six_digits_are_not_compared(stranger, database, sam):
    me = database.user(sam).id
    add_sent_code(stranger, me, "482913")
    assert not spend_unguessable(stranger, {"story": f"{sam.code()} 482913"}, [me])
    assert database.all(SpentStep) == [] and shown_events(database) == []


def test_the_work_for_a_stranger_is_the_same_however_many_accounts_there_are(stranger, database, sam, maria, monkeypatch):
    hashed = []
    monkeypatch.setattr(code_sets, "hash_code", lambda code, *_: hashed.append(code) or b"")
    work = []
    for owners in ([], [database.user(maria).id], [database.user(sam).id]):
        hashed.clear()
        assert not spend_unguessable(stranger, {"story": "7K2M-Q9TX-4WRB-7K2M, I think"}, owners, 5)
        work.append(len(hashed))
    assert work[0] >= 5 and set(work) == {work[0]}
