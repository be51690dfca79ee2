"""What a person of the test bench does by the portal's own flows to get into a state, as in a browser of their own."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import delete, select

from portal.answers import BACKUP_CODE, CODE, TEXT, Answer
from portal.db import begin_write, change, db
from portal.flows.base import act_proofs
from portal.flows.base.context import LEVEL_CLAIMANT, LEVEL_ONE, LEVEL_TWO, RequestContext, SessionUser
from portal.flows.factors import backup_codes, lost_phone, setup
from portal.flows.messages import outbox
from portal.flows.messages.notices import outbox_place
from portal.flows.practice import deadline
from portal.flows.resets import ask
from portal.flows.sessions import sessions
from portal.flows.sign_in import sign_in
from portal.methods import switched_on
from portal.models import BackupCodeSet, Outbox, Session, User
from portal.settings import config
from portal.words.refusals import Refused

SEEN = "seen_in_person"  # how an administrator checked who asks for a reset


@dataclass
class Hand:
    """Acts for one person. `context`: of a request without a visitor, from a browser that nobody knows."""

    context: RequestContext
    username: str
    codes: list[str] = field(default_factory=list, repr=False)  # backup codes on paper that still work
    entered: list[int] = field(default_factory=list)  # ids of the sessions it has begun

    def enter(self, level: str) -> RequestContext:
        """Begin a session as after a sign-in; returns its context."""
        session = begin_write()
        user = session.scalars(select(User).where(User.username == self.username)).one()
        token, row = sessions.begin_session(self.context, user, level, None)
        row.second_factor_at = self.context.now if level == LEVEL_TWO else None
        session.commit()
        self.entered.append(row.id)
        visitor = sessions.find_session(token, self.context.now)
        return replace(self.context, visitor=visitor if isinstance(visitor, SessionUser) else None)

    def leave(self) -> None:
        """Leave no session behind."""
        begin_write()
        change(delete(Session).where(Session.id.in_(self.entered)))
        db.session.commit()


def use_backup_codes(hand: Hand, left: int) -> None:
    """Sign in with backup codes until so many are left."""
    while len(hand.codes) > left:
        sign_in.submit_sign_in_code(hand.enter(LEVEL_CLAIMANT), Answer(BACKUP_CODE, hand.codes.pop(0).replace("-", "")))


def report_lost(hand: Hand) -> None:
    """Say "I lost my phone" at the code page."""
    lost_phone.report_lost(hand.enter(LEVEL_CLAIMANT))


def type_wrong_codes(hand: Hand, times: int = config.TRIES_BEFORE_PAUSE) -> None:
    """Type so many wrong codes; by default, until the account pauses."""
    claimant = hand.enter(LEVEL_CLAIMANT)
    for number in range(times):  # as six digits, they are codes that an app shows once in a million
        with suppress(Refused):
            sign_in.submit_sign_in_code(claimant, Answer(CODE, f"{number:0{config.CODE_DIGITS}}"))


def set_up_texts(hand: Hand, number: str) -> None:
    """Turn two-factor authentication on with codes by text, and save the backup codes. Raises Refused if no texts go out."""
    context = hand.enter(LEVEL_ONE)
    chosen = next(method for method in switched_on() if method.sends)
    setup.begin_setup(context, chosen)
    for step in chosen.steps:
        answer = Answer(CODE, read_text(context)) if step.verifies else Answer(TEXT, number)
        setup.submit_step(context, chosen, step, answer)
    save_codes(hand, context)


def read_text(context: RequestContext) -> str:
    """The code in the visitor's newest text."""
    own = (Outbox.user_id == context.user.user_id, Outbox.kind == outbox.TEXT)
    row = db.session.scalars(select(Outbox).where(*own).order_by(Outbox.created_at.desc())).first()
    body = context.keys.open(row.body_sealed, outbox_place(row.id, "body")) if row and row.body_sealed else ""
    return body[: config.CODE_DIGITS]


def save_codes(hand: Hand, context: RequestContext) -> None:
    """Write the backup codes down, and prove it."""
    live = db.session.scalars(select(BackupCodeSet).where(BackupCodeSet.user_id == context.user.user_id)).one()
    hand.codes = [code for _, code in backup_codes.open_codes(context.keys, live)]
    backup_codes.confirm_saved(context, hand.codes[live.asked_number - 1].replace("-", ""))


def set_deadline(hand: Hand, administrator: str, days: int) -> None:
    """The administrator of the person's practice sets a deadline so many days from today, with some grace."""
    context = replace(hand, username=administrator).enter(LEVEL_TWO)
    day = context.now.astimezone(context.place).date() + timedelta(days=days)
    deadline.set_deadline(context, day, days=3, sign_ins=2)


def reset(hand: Hand, administrator: str) -> None:
    """The administrator of the person's practice resets their two-factor authentication."""
    context = replace(hand, username=administrator).enter(LEVEL_TWO)
    subject = db.session.scalars(select(User).where(User.username == hand.username)).one()
    begin_write()
    act_proofs.keep_proof(context, ask.resetting(subject.id, subject.generation), context.user.generation)
    db.session.commit()
    ask.ask_reset(context, subject.id, "Their phone is lost.", [SEEN], subject.generation)
