"""The terminal: each command says what it did, and is safe to run twice."""

import base64
import secrets
from dataclasses import replace

import pytest
from sqlalchemy import update

from portal.cli import main
from portal.crypto import Keyring
from portal.flows.operator import accounts
from portal.models import Outbox, Practice, User
from portal.settings import keys, operation
from portal.version import VERSION
from tests.support.vendors import SECRET, URLS

PASSWORD = "harbor lantern fig tree"


@pytest.fixture
def run(app):
    """Runs a command of the portal; returns its exit code and words."""

    def run(*words, **options):
        result = app.test_cli_runner().invoke(args=list(words), **options)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return run


def create(run, *words, password=PASSWORD):
    """Creates an account for pat."""
    return run("accounts", "create", "Pat", "--name", "Pat Doe", "--password", password, *words)


@pytest.mark.parametrize("role", ["provider", "administrator"])
def test_who_works_at_a_practice_needs_one(run, database, role):
    before = len(database.all(User))
    code, said = create(run, "--role", role)
    assert code == 1 and said.endswith("--practice: Name the practice. Every provider and administrator belongs to one.\n")
    assert len(database.all(User)) == before
    assert create(run, "--role", role, "--practice", "Lakeside Clinic")[0] == 0


def test_an_account_is_made_once(run, database):
    assert create(run) == (0, "Created Pat.\n")
    assert create(run) == (0, "Pat already exists. Nothing was changed.\n")
    (pat,) = database.all(User, User.username == "pat")
    assert (pat.full_name, pat.role, pat.two_factor, pat.practice_id, pat.email_sealed) == (
        "Pat Doe",
        "patient",
        "off",
        None,
        None,
    )


def test_the_new_person_can_sign_in(run, plain, database):
    create(run, "--email", "pat@example.test")
    plain.open("/sign-in")
    plain.fill("Sign in", Username="pat", Password=PASSWORD)
    assert plain.path == "/home"
    assert len(database.all(Outbox)) == 1


@pytest.mark.parametrize("role", ["patient", "provider", "administrator"])
def test_a_mistyped_practice_is_refused_and_made_by_its_own_command(run, database, role):
    before = database.everything()
    code, said = create(run, "--role", role, "--practice", "Hillside Practice")
    assert code == 1 and said.endswith(
        "--practice: No practice has that name. See them with practices list, or make one with practices set.\n"
    )
    assert database.everything() == before
    run("practices", "set", "Hillside Practice")
    assert create(run, "--role", role, "--practice", "Hillside Practice") == (0, "Created Pat.\n")
    practices = {row.id: row.name for row in database.all(Practice)}
    assert practices[database.all(User)[-1].practice_id] == "Hillside Practice" and len(practices) == 3


@pytest.mark.parametrize(("password", "word"), [("short", "15 characters"), ("passwordpassword", "less common")])
def test_a_weak_password_is_refused_with_its_reason(run, database, password, word):
    code, said = create(run, password=password)
    assert code == 1 and word in said
    assert database.all(User, User.username == "pat") == []


REFUSED = {
    "nothing": (["", "--name", "Pat Doe"], "USERNAME: Enter your username."),
    "an invisible space": (["\u200b", "--name", "Pat Doe"], "USERNAME: Begin the username"),
    "an invisible space inside": (["p\u200bat", "--name", "Pat Doe"], "USERNAME: Begin the username"),
    "a tab": (["p\tat", "--name", "Pat Doe"], "USERNAME: Begin the username"),
    "nothing but a tab": (["\t", "--name", "Pat Doe"], "USERNAME: Enter your username."),
    "two words": (["pat doe", "--name", "Pat Doe"], "USERNAME: Begin the username"),
    "signs alone": (["...", "--name", "Pat Doe"], "USERNAME: Begin the username"),
    "180 letters": (["p" * 180, "--name", "Pat Doe"], "USERNAME: Use at most 64 characters"),
    "300 letters": (["p" * 300, "--name", "Pat Doe"], "USERNAME: Use at most 64 characters"),
    "33 letters that are stored as two": (["ß" * 33, "--name", "Pat Doe"], "USERNAME: Use at most 64 characters"),
    "a Hangul filler": (["p\u3164t", "--name", "Pat Doe"], "USERNAME: Begin the username"),
    "bidi marks": (["\u202epat\u202c", "--name", "Pat Doe"], "USERNAME: Begin the username"),
    "a smiley": (["pat\N{GRINNING FACE}", "--name", "Pat Doe"], "USERNAME: Begin the username"),
    "a mark on nothing": (["\u0301pat", "--name", "Pat Doe"], "USERNAME: Begin the username"),
    "a path": (["pat/../maria", "--name", "Pat Doe"], "USERNAME: Begin the username"),
    "what an app would take for an issuer": (["pat:maria", "--name", "Pat Doe"], "USERNAME: Begin the username"),
    "NUL": (["pat\0", "--name", "Pat Doe"], "USERNAME: Begin the username"),
    "no name": (["pat", "--name", " "], "--name: Enter your name."),
    "an address in the name": (["pat", "--name", "Pat pat@example.test"], "--name: A name can have only letters"),
    "a link in the name": (["pat", "--name", "Pat https://example.test"], "--name: A name can have only letters"),
    "300 letters as a name": (["pat", "--name", "p" * 300], "--name: A name can have at most 100 characters"),
    "an invisible name": (["pat", "--name", "\u200b\u3164"], "--name: A name can have only letters"),
    "an address without its sign": (["pat", "--name", "Pat", "--email", "no at sign"], "--email: An email address looks like"),
    "no address": (["pat", "--name", "Pat", "--email", ""], "--email: Enter an email address."),
    "two addresses": (["pat", "--name", "Pat", "--email", "a@x.example,b@x.example"], "--email: An email address looks like"),
    "an address with a second header": (["pat", "--name", "Pat", "--email", "a@x.example\nBcc: b"], "--email: An email address"),
    "a long address": (["pat", "--name", "Pat", "--email", "a" * 300 + "@x.example"], "--email: An email address looks like"),
    "an address with accents": (["pat", "--name", "Pat", "--email", "é@x.example"], "--email: We can only email"),
    "no practice": (["pat", "--name", "Pat", "--practice", ""], "--practice: Enter the name"),
    "an invisible practice": (["pat", "--name", "Pat", "--practice", "\u3164"], "--practice: Use letters that can be seen"),
    "a long practice": (["pat", "--name", "Pat", "--practice", "p" * 300], "--practice: Use at most 100 characters"),
    "a practice with NUL": (["pat", "--name", "Pat", "--practice", "Hill\0side"], "--practice: Use letters that can be seen"),
    "a short password": (["pat", "--name", "Pat", "--password", "short"], "--password: Use at least 15 characters."),
}


@pytest.mark.parametrize(("words", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_the_forms_refuse_the_terminal_refuses_and_names_its_option(run, database, words, sentence):
    before = database.everything()
    code, said = run("accounts", "create", *words, *([] if "--password" in words else ["--password", PASSWORD]))
    assert code == 1 and said.startswith(f"Error: {sentence}") and said.count("\n") == 1
    assert database.everything() == before


@pytest.mark.parametrize("username", ["pat.o-neil_2", "pat+x@example.test", "Мария", "ไพลิน", "パット", "ＰＡＴ"])
def test_usernames_of_the_world_are_usernames(run, database, username):
    assert run("accounts", "create", username, "--name", "Pat Doe", "--password", PASSWORD)[0] == 0
    assert run("accounts", "create", username, "--name", "Pat Doe", "--password", PASSWORD)[1].endswith("Nothing was changed.\n")


def test_what_is_wrong_is_said_before_the_password_is_asked_for(run):
    code, said = run("accounts", "create", "pat", "--name", "Pat <b>")
    assert code == 1 and "Password" not in said


def test_a_role_that_there_is_not_is_refused(run, app, clock):
    code, said = create(run, "--role", "visitor")
    assert code == 2 and "visitor" in said
    with app.app_context(), pytest.raises(ValueError, match="role must be one of"):
        accounts.create_account(app.extensions["keys"], clock.now, "pat", "Pat", "visitor", PASSWORD)


def test_a_password_in_bytes_that_are_not_utf_8_is_refused(run, database):
    code, said = run("accounts", "create", "pat", "--name", "Pat", "--password", "harbor-lantern-20\udcff")
    assert code == 1 and said.startswith("Error: --password: ")


def test_seeding_again_makes_nothing_and_says_where_to_go(run, database):
    before = database.everything()
    code, said = run("demo", "seed")
    assert code == 0
    for words in (
        "Patient portal  http://127.0.0.1:5000/",
        "http://localhost:5000/",
        "/ehr",
        "/test-bench",
        "harbor-lantern-2026",
        "dr.okafor",
    ):
        assert words in said
    assert database.everything() == before


def test_a_rehearsal_of_seeding_counts_who_is_missing_and_makes_nobody(run, database):
    database.change(update(User).where(User.username == "jun").values(username="june"))
    before = database.everything()
    said = "1 demo accounts would be created, and 7 accounts to measure with.\n"
    assert run("demo", "seed", "--accounts", "7", "--dry-run") == (0, said)
    assert database.everything() == before


def test_seeding_makes_who_is_missing(run, database):
    database.change(update(User).where(User.username == "jun").values(username="june"))
    run("demo", "seed")
    assert len(database.all(User)) == 9


def test_without_the_test_bench_its_address_is_not_told(run, app, monkeypatch):
    import dataclasses

    monkeypatch.setitem(app.extensions, "settings", dataclasses.replace(app.extensions["settings"], test_bench=False))
    assert "/test-bench" not in run("demo", "seed")[1]


def test_rotating_seals_everything_anew_and_then_nothing(run, app, plain, database, maria, sam, monkeypatch):
    plain.enter(maria).begin_set_up(maria)
    old = app.extensions["settings"].encryption_keys
    newest = ("k9", secrets.token_bytes(32))
    monkeypatch.setitem(app.extensions, "keys", Keyring((newest, *old)))
    before = database.everything()
    code, said = run("keys", "rotate", "--dry-run")
    *columns, whole = said.splitlines()
    assert code == 0 and any(each.startswith("users.password_sealed ") for each in columns) and database.everything() == before
    code, said = run("keys", "rotate")
    assert code == 0 and int(said.split()[0]) > 20 and said.startswith(whole.replace("would be ", "were ").rstrip("."))
    assert "remove the older ones from PORTAL_ENCRYPTION_KEYS after 20" in said
    assert run("keys", "rotate")[1].startswith("0 values were re-encrypted, 0 look-up hashes renewed.\n")
    monkeypatch.setitem(app.extensions, "keys", Keyring((newest,)))
    plain.fill("Verify and Enable", Verification_Code=maria.code())
    assert plain.heading == "Save your backup codes"
    plain.another().enter(sam)


def test_rotating_without_the_old_key_says_so_and_changes_nothing(run, app, database, monkeypatch):
    before = database.everything()
    monkeypatch.setitem(app.extensions, "keys", Keyring((("k9", secrets.token_bytes(32)),)))
    code, said = run("keys", "rotate")
    assert code == 1 and "PORTAL_ENCRYPTION_KEYS" in said
    assert database.everything() == before


def test_rotating_goes_batch_by_batch(run, app, database, monkeypatch):
    monkeypatch.setattr(operation, "ROTATION_BATCH", 3)
    monkeypatch.setitem(
        app.extensions, "keys", Keyring((("k9", secrets.token_bytes(32)), *app.extensions["settings"].encryption_keys))
    )
    assert run("keys", "rotate")[0] == 0
    assert {row.password_sealed.partition(b"\0")[0] for row in database.all(User)} == {b"k9"}


def test_a_new_key_is_one_that_the_start_accepts():
    (name, key) = keys.read_one_key(keys.new_encryption_key())
    assert name == "k1" and len(key) == 32 and base64.b64encode(key)


# --- the gateways for texts


@pytest.fixture
def texting(app, run, vendor, monkeypatch):
    """Runs `texts check` with gateways; returns its exit code and words."""

    def check(*urls, to=None, **settings):
        changed = replace(app.extensions["settings"], text_urls=urls, **settings)
        monkeypatch.setitem(app.extensions, "settings", changed)
        return run("texts", "check", *(["--to", to] if to else []))

    return check


def test_a_gateway_that_knows_its_credentials_is_said_to(texting, vendor):
    vendor.answer({"value": 10.28})
    assert texting(URLS["Vonage"]) == (
        0,
        "Gateway 1 of 1, Vonage: It knows the credentials.\nA text with a code takes 1 part.\n",
    )
    assert [path for _, path, _, _ in vendor.asked] == ["/account/get-balance"], "no text is sent unasked"


def test_what_a_code_costs_is_said_for_each_language_offered(texting, vendor):
    vendor.answer({"value": 10.28})
    _, said = texting(URLS["Vonage"], languages=("en", "es", "ko"), base_url="https://portal.example")
    costs = [line.partition(", because of ")[::2] for line in said.splitlines()[1:]]
    assert [f"A text with a code in {name} takes 1 part" for name in ("English", "Español", "한국어")] == [
        words.rstrip(".") for words, _ in costs
    ]
    assert [bool(strange) for _, strange in costs] == [False, False, True]


def test_a_gateway_that_refuses_its_credentials_is_an_error_without_the_secret(texting, vendor):
    vendor.answer("", status=401)
    code, said = texting(URLS["Clickatell"], URLS["Vonage"])
    assert code == 1
    assert "Gateway 1 of 2, Clickatell: It offers no question about the credentials." in said
    assert "Gateway 2 of 2, Vonage: It refuses the credentials. Correct them in PORTAL_SMS_URL." in said
    assert SECRET not in said and "abcd1234" not in said


def test_a_service_without_a_row_is_told(texting):
    code, said = texting(f"d7sms://{SECRET}@{{to}}")
    assert code == 0 and "Its answers are not known here" in said and SECRET not in said


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        ("0", 0, "The gateway accepted the text. Look at the phone."),
        ("4", 1, "The gateway refused the text. Check the credentials, the sender, and the number."),
        ("1", 1, "The gateway could not be reached, or asks to try later. The text was not sent."),
    ],
)
def test_one_text_goes_to_a_number_that_is_given(texting, vendor, status, code, words):
    vendor.answer({"value": 10.28})
    vendor.answer({"messages": [{"status": status}]})
    got, said = texting(URLS["Vonage"], to="+1 (503) 555-0164")
    assert (got, said.splitlines()[-1]) == (code, words)
    [_, (_, path, _, body)] = vendor.asked
    assert path == "/sms/json" and "to=15035550164" in body and "This+is+a+test+of+Medximity" in body
    assert SECRET not in said


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("+49 1511 2345678", "--to: We can't send texts to that country."),
        ("abc", "--to: Enter digits only"),
        ("010-5555-1234", "--to: Write the number with its country code, such as +82 10-5555-1234."),
    ],
)
def test_a_number_that_gets_no_texts_is_refused(texting, vendor, to, words):
    code, said = texting(URLS["Vonage"], to=to, text_countries=("US", "KR"))
    assert code == 1 and words in said and vendor.asked == []


def test_without_a_gateway_there_is_nothing_to_ask(texting):
    assert texting()[0] == 1
    code, said = texting(URLS["Vonage"], texts=False)
    assert code == 1 and said == "Error: There is no gateway to ask: PORTAL_SMS_URL is not set, or PORTAL_SMS is 0.\n"


def test_an_address_that_cannot_be_read_is_named_without_the_secret(texting):
    code, said = texting(f"twilio://{SECRET}@{{to}}")
    assert code == 1 and said.startswith("Error: PORTAL_SMS_URL: address 1") and SECRET not in said


def test_the_console_script_tells_our_version(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["medximity-portal", "--version"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0 and capsys.readouterr().out == f"medximity-portal, version {VERSION}\n"
