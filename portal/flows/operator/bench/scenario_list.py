"""The scenarios of the test bench: at least one for each part of the help article, in its order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from portal.flows.messages import outbox
from portal.flows.operator.bench import hand
from portal.flows.operator.bench.cast import Deed
from portal.flows.operator.bench.faults import WELL, Switches
from portal.flows.operator.bench.steps import (
    HOME,
    SIGN_IN_BY_APP,
    TO_SECURITY,
    VERIFY,
    Step,
    choose,
    code,
    menu,
    press,
    refused,
    see,
    write,
)
from portal.flows.operator.demo import PASSWORD
from portal.gateways import REFUSED
from portal.methods import switched_on
from portal.words.marks import N_

SET_UP = N_("Setting up")
CODES = N_("Backup codes in use")
TROUBLE = N_("Troubleshooting, in the help article's order")
LOCKED = N_("Locked out")
NEW = N_("New phone, new number, turning off")
STAFF = N_("Administrators and support")
MORE = N_("Still in need of help")
PARTS = (SET_UP, CODES, TROUBLE, LOCKED, NEW, STAFF, MORE)


@dataclass(frozen=True)
class Scenario:
    """One thing to try. `minutes`: the phone's clock is fast by that many. `is_mixed_up`: the phone has another company's account."""

    name: str  # in its address
    part: str
    title: str
    username: str
    steps: tuple[Step, ...]
    deeds: tuple[Deed, ...] = ()  # after those of the person's card
    minutes: int = 0
    is_mixed_up: bool = False
    faults: Mapping[str, Switches] = field(default_factory=dict)


TEXTS = next(method.label for method in switched_on() if method.sends)
NO_TEXTS: Switches = {**WELL, "answer": REFUSED}
SAVE_LATER = (press(N_("I have saved my backup codes")), press(N_("Do this later")))
ENABLE = press(N_("Verify and Enable"))
CONTINUE = press(N_("Continue"))
SCAN = Step("phone", N_("Scan the QR code"))
CANT_ACCESS = press(N_("Can't access your code?"))
ACCOUNT_SECURITY = (press(N_("Settings")), press(N_("Account Security")))

TO_TICKET = (menu(N_("Help")), press(N_("Submit a ticket")), write(N_("Subject"), "A question"))
SEND = press(N_("Send ticket"))
ASK_FIRST = N_(
    "Ask your practice administrator first: %(names)s. They may be able to give you your sealed copy of backup codes, or reset "
    "two-factor authentication for you."
)

SCENARIOS = (
    Scenario(
        "sign-in", SET_UP, N_("Sign in with a code from the app"), "sam", (*SIGN_IN_BY_APP, HOME)
    ),
    Scenario(
        "patient-app", SET_UP, N_("A patient turns it on with an app"), "maria",
        (*TO_SECURITY, press(N_("Enable")), choose(N_("Authenticator App")), CONTINUE, SCAN, code(), ENABLE, *SAVE_LATER,
         see(N_("Change Authenticator App"))),
    ),
    Scenario(
        "patient-texts", SET_UP, N_("A patient turns it on with texts"), "maria",
        (*TO_SECURITY, press(N_("Enable")), choose(TEXTS), CONTINUE, press(N_("Send Code")), code("text"), ENABLE,
         *SAVE_LATER, see(N_("Update Phone"))),
    ),
    Scenario(
        "provider-app", SET_UP, N_("A provider sets it up to open charts"), "dr.chen",
        (press(N_("Set Up Now")), CONTINUE, SCAN, code(), press(N_("Confirm and Activate")),
         see(N_("I have given the sealed copy to my practice administrator"))),
    ),
    Scenario(
        "deadline", SET_UP, N_("A provider puts it off after the deadline"), "bench.past", (press(N_("Later")), see(N_("Charts")))
    ),
    Scenario(
        "backup-code-used", CODES, N_("A backup code instead of the app's"), "bench.seven", (code("paper"), VERIFY, HOME)
    ),
    Scenario(
        "backup-codes-new", CODES, N_("A new set of backup codes"), "bench.seven",
        (*SIGN_IN_BY_APP, *TO_SECURITY, press(N_("Regenerate Backup Codes")), press(N_("Regenerate Backup Codes")),
         see(N_("I have saved my backup codes"))),
    ),
    Scenario(
        "clock", TROUBLE, N_("1. The phone's clock is wrong"), "sam",
        (*SIGN_IN_BY_APP, refused("clock_slow", minutes=5)), minutes=-5,
    ),
    Scenario(
        "fresh-code", TROUBLE, N_("2. The code has run out"), "sam",
        (write(N_("Verification Code"), "000000"), VERIFY, refused("wrong_fresh"), *SIGN_IN_BY_APP, HOME),
        (partial(hand.type_wrong_codes, times=1),),
    ),
    Scenario(
        "right-account", TROUBLE, N_("3. A code of another account"), "sam",
        (code("other"), VERIFY, refused("wrong_account", issuer="Medximity"), *SIGN_IN_BY_APP, HOME),
        (partial(hand.type_wrong_codes, times=2),), is_mixed_up=True,
    ),
    Scenario(
        "text-delivery", TROUBLE, N_("4. The text does not arrive"), "bench.texts",
        (see(N_("Your text didn't go through. Select Send again, or use a backup code.")),
         Step("switches", N_("End all faults")), Step("again"), code("text"), VERIFY, HOME),
        faults={outbox.TEXT: NO_TEXTS},
    ),
    Scenario(
        "use-backup-code", TROUBLE, N_("5. Nothing else works: a backup code"), "sam",
        (code("paper"), VERIFY, HOME), (partial(hand.type_wrong_codes, times=4),),
    ),
    Scenario(
        "paused", TROUBLE, N_("Too many wrong codes"), "bench.paused",
        (see(N_("Try again")), Step("switches", N_("10 minutes ahead")), Step("again"), *SIGN_IN_BY_APP, HOME),
    ),
    Scenario(
        "locked-out", LOCKED, N_("No phone and no backup codes"), "bench.locked",
        (CANT_ACCESS, press(N_("Contact Support")), write(N_("Email address"), "bench.locked@example.test"),
         write(N_("What happened"), "My phone is broken."), press(N_("Send request")), see(N_("Check your email"))),
    ),
    Scenario(
        "locked-out-backup", LOCKED, N_("The other road: Use a backup code"), "bench.locked",
        (press(N_("Use a backup code")), press(N_("Contact Support")), see(N_("Send request"))),
    ),
    Scenario(
        "locked-out-provider", LOCKED, N_("A provider asks the administrator first"), "dr.okafor",
        (CANT_ACCESS, see(ASK_FIRST, names="Robin Lee")),
    ),
    Scenario(
        "lost-phone", LOCKED, N_("The phone was reported as lost"), "bench.hold", (refused("on_hold"), code("paper"), VERIFY, HOME)
    ),
    Scenario(
        "reset", LOCKED, N_("After a reset, the password alone opens nothing"), "bench.reset", (refused("reset_link_due_at_practice"),)
    ),
    Scenario(
        "new-phone", NEW, N_("A new phone, while the old one works"), "sam",
        (*SIGN_IN_BY_APP, *TO_SECURITY, press(N_("Change Authenticator App")), CONTINUE, Step("second", N_("Scan the QR code")),
         code("second_code"), ENABLE, see(N_("Change Authenticator App"))),
    ),
    Scenario(
        "new-number", NEW, N_("A new number"), "bench.texts",
        (code("text"), VERIFY, *TO_SECURITY, press(N_("Update Phone")), CONTINUE, write(N_("Mobile phone number"), "(503) 555-0178"),
         press(N_("Send Code")), see(N_("Verify and Enable"))),
    ),
    Scenario(
        "turn-off", NEW, N_("A patient turns it off"), "sam",
        (*SIGN_IN_BY_APP, *TO_SECURITY, press(N_("Disable")), Step("password", N_("Current password"), PASSWORD), press(N_("Disable")),
         see(N_("Enable"))),
    ),
    Scenario(
        "provider-stays-on", NEW, N_("A provider cannot turn it off"), "dr.okafor",
        (*SIGN_IN_BY_APP, *ACCOUNT_SECURITY, see(N_("Change Authenticator App"))),
    ),
    Scenario(
        "security-status", STAFF, N_("Who at the practice is protected"), "admin.lee",
        (*SIGN_IN_BY_APP, press(N_("Settings")), press(N_("Team Members")), press(N_("Security Status")), see(N_("Download CSV"))),
    ),
    Scenario(
        "support-queue", STAFF, N_("Support opens its queue"), "support", (*SIGN_IN_BY_APP, see(N_("Recovery requests")))
    ),
    Scenario(
        "help", MORE, N_("An article of Help is found"), "maria",
        (menu(N_("Help")), write(N_("Search help"), "lost phone"), press(N_("Search")), see("Lost or stolen phone")),
    ),
    Scenario(
        "ticket", MORE, N_("A ticket to support"), "maria",
        (*TO_TICKET, write(N_("Message"), "How do I turn it on?"), SEND, see(N_("Waiting"))),
    ),
    Scenario(
        "ticket-secret", MORE, N_("A ticket that holds a backup code"), "sam",
        (*SIGN_IN_BY_APP, *TO_TICKET, Step("paper", N_("Message")), SEND, refused("shown_backup_code", codes=1)),
    ),
)  # fmt: skip
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
