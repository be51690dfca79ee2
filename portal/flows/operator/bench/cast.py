"""The people that the test bench offers: each in a state that support is asked about, and how they get there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from portal.flows.operator.bench import hand
from portal.flows.operator.bench.devices import DEAD, Device
from portal.flows.operator.bench.hand import Hand
from portal.flows.operator.demo import PEOPLE, DemoPerson
from portal.words.marks import N_

# name, city, phone, address, time zone: as `demo.PRACTICES` has them. The demo practices have no deadline.
HILLSIDE, SEASIDE = "Hillside Clinic", "Seaside Clinic"
PRACTICES = (
    (HILLSIDE, "Salem", "(503) 555-0171", "88 Hillside Road, Salem, OR 97301", "America/Los_Angeles"),
    (SEASIDE, "Newport", "(541) 555-0133", "7 Bay Street, Newport, OR 97365", "America/Los_Angeles"),
)
TEXTED = "+15035550177"
DEMO = {person.username: person for person in PEOPLE}
Deed = Callable[[Hand], None]


@dataclass(frozen=True)
class Card:
    """A person to pick. `needs`: who else has to be there first, by username."""

    person: DemoPerson
    title: str
    about: str
    deeds: tuple[Deed, ...] = ()
    needs: tuple[str, ...] = ()
    phone: Device = field(default_factory=dict)  # what is unusual about the first phone


def invented(username: str, full_name: str, practice: str | None = None, on: bool = True, role: str = "patient") -> DemoPerson:
    """Somebody of the bench's own."""
    return DemoPerson(f"bench.{username}", full_name, role, practice, on=on)


CARDS = (
    Card(DEMO["maria"], N_("Two-factor authentication off"), N_("A patient who has not turned it on yet.")),
    Card(
        DEMO["jun"],
        N_("Two-factor authentication off, Korean number"),
        N_("A patient with a mobile number from another country."),
    ),
    Card(DEMO["sam"], N_("Two-factor authentication on, with an app"), N_("A patient whose phone shows the codes.")),
    Card(
        invented("texts", "Tess Grant", on=False),
        N_("Two-factor authentication on, by text message"),
        N_("A patient who gets a text at each sign-in."),
        (partial(hand.set_up_texts, number=TEXTED),),
    ),
    Card(
        invented("seven", "Dana Cole"),
        N_("7 backup codes left"),
        N_("A patient who has used three of ten backup codes."),
        (partial(hand.use_backup_codes, left=7),),
    ),
    Card(
        invented("locked", "Omar Diaz"),
        N_("Locked out: no phone, no backup codes"),
        N_("A patient whose phone is dead and who has used all backup codes."),
        (partial(hand.use_backup_codes, left=0),),
        phone={"power": DEAD},
    ),
    Card(
        invented("hold", "Lena Fox"),
        N_("On hold after “I lost my phone”"),
        N_("A patient who reported the phone as lost. Backup codes still work."),
        (hand.report_lost,),
    ),
    Card(
        invented("paused", "Ivo Hart"),
        N_("Too many wrong codes: paused"),
        N_("A patient who has typed ten wrong codes in a row."),
        (hand.type_wrong_codes,),
    ),
    Card(DEMO["dr.chen"], N_("Provider, not set up"), N_("No chart opens before two-factor authentication is on.")),
    Card(DEMO["dr.okafor"], N_("Provider, set up"), N_("Works in a practice that has an administrator.")),
    Card(DEMO["dr.novak"], N_("Provider without an administrator"), N_("Set up. Only support can help with a lost phone.")),
    Card(
        invented("near", "Dr. Paul Weiss", HILLSIDE, on=False, role="provider"),
        N_("Provider near the deadline"),
        N_("Not set up. The practice's deadline is in two days."),
        (partial(hand.set_deadline, administrator="bench.admin", days=2),),
        needs=("bench.admin",),
    ),
    Card(
        invented("past", "Dr. Ruth Amsel", SEASIDE, on=False, role="provider"),
        N_("Provider past the deadline"),
        N_("Not set up. The deadline was yesterday, with three days of grace and two sign-ins."),
        (partial(hand.set_deadline, administrator="bench.sea.admin", days=-1),),
        needs=("bench.sea.admin",),
    ),
    Card(
        invented("reset", "Dr. Emil Novotny", HILLSIDE, role="provider"),
        N_("Provider, reset by the administrator"),
        N_("The password alone opens nothing. The way back is the link in the mailbox."),
        (partial(hand.reset, administrator="bench.admin"),),
        needs=("bench.admin",),
    ),
    Card(DEMO["admin.lee"], N_("Practice administrator"), N_("Sees the security status of everyone at the practice.")),
    Card(
        invented("admin", "Ines Moreau", HILLSIDE, role="administrator"),
        N_("Last administrator of a practice"),
        N_("Nobody else at Hillside Clinic can help a colleague, or her."),
    ),
    Card(
        invented("sea.admin", "Hugo Lind", SEASIDE, role="administrator"),
        N_("Administrator after the deadline"),
        N_("Sees who is still not set up."),
    ),
    Card(DEMO["support"], N_("Support agent"), N_("Works on recovery requests in the support console.")),
)
BY_NAME = {card.person.username: card for card in CARDS}
