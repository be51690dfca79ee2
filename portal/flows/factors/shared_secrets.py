"""Refusing texts that hold somebody's live code or key, which is spent then, because it was shown (decision 37)."""

from collections.abc import Collection, Mapping

from sqlalchemy import select

from portal.db import begin_write, db
from portal.flows.base import limits
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.factors import code_sets, find_secrets
from portal.flows.factors.find_secrets import BACKUP, KEY, Found, Texts
from portal.flows.messages import notices
from portal.models import User
from portal.settings import config
from portal.words.refusals import Refused

EVENT = "secret_shown"
THEIRS = "shown_theirs"  # the reason of a refusal, if one of the secrets is somebody else's
COLLEAGUE = "colleague"  # the reason in the event of who wrote it, if the secret is somebody else's


class SecretShown(Refused):
    """A text holds a live code or key. `rest`: what was typed without it, by field. `field`: the first that held one. `is_own`: whether
    all of it is the writer's own.
    """

    def __init__(self, reason: str, rest: Mapping[str, str], field: str, **facts: int | str) -> None:
        super().__init__(reason, **facts)
        self.rest, self.field = rest, field
        self.is_own = reason != THEIRS


def refuse_secrets(context: RequestContext, typed: Mapping[str, str], *others: int) -> None:
    """Refuse what a signed-in person typed, by field, if it holds a live secret of theirs or of the `others` (ids of users).

    Call it before the transaction that stores the texts. What was found is spent, recorded, and committed. Raises SecretShown,
    or Refused("throttled", wait=seconds) if somebody sends many texts that are nearly all letters and digits in a row.
    """
    texts, owners = Texts(typed), {context.user.user_id, *others}
    if len(texts.likely) > config.LIKELY_CODES:
        whose = str(context.user.user_id)
        limits.charge_at_once(
            context, [limits.make_limit(context.keys, config.DENSE_TEXTS, config.DENSE_TEXTS_IN, "dense", whose)]
        )
    found = [
        *find_secrets.find_backup_codes(context, owners, texts.likely),
        *find_secrets.find_of_authenticators(context, owners, texts),
        *find_secrets.find_texted(context, owners, texts.sixes),
    ]
    if not found:
        return
    spend(context, found)
    pieces = {piece for each in found for piece in each.pieces}
    reason, codes = explain(context, found), sum(each.what == BACKUP for each in found)
    raise SecretShown(reason, texts.rest(pieces), texts.first_field(pieces), codes=codes)


def explain(context: RequestContext, found: Collection[Found]) -> str:
    """The reason of the refusal: whose it was, and of what kind."""
    if any(each.user_id != context.user.user_id for each in found):
        return THEIRS
    kinds = {each.what for each in found}
    return f"shown_{kinds.pop()}" if len(kinds) == 1 else "shown_several"


def spend_unguessable(context: RequestContext, typed: Mapping[str, str], owners: Collection[int], accounts: int = 1) -> bool:
    """Whether what somebody typed who has not proved who they are holds a backup code or a key of the `owners`; it is spent then.

    Six digits are not compared: the answer would help to guess them. It takes as long as for that number of `accounts`, so that it
    doesn't tell how many there are.
    """
    texts = Texts(typed)
    found = [
        *find_secrets.find_backup_codes(context, owners, texts.likely, accounts),
        *find_secrets.find_of_authenticators(context, owners, texts, codes=False),
    ]
    if found:
        spend(context, found)
    return bool(found)


def spend(context: RequestContext, found: Collection[Found]) -> None:
    """Spend what was found, record it, and tell its owners, in a transaction of its own."""
    begin_write()
    ids = {each.user_id for each in found}
    users = select(User).where(User.id.in_(ids)).order_by(User.id).with_for_update()
    for user in db.session.scalars(users, execution_options={"populate_existing": True}).all():
        shown = [what for each in found if each.user_id == user.id and (what := each.spend())]
        for what in shown:
            record_event(context, EVENT, about=user, reason=what, refused=True)
        tell(context, user, shown)
    if context.visitor and ids - {context.visitor.user_id}:
        record_event(context, EVENT, reason=COLLEAGUE, refused=True)
    db.session.commit()


def tell(context: RequestContext, user: User, shown: list[str]) -> None:
    """Email the owner of a backup code, or of an authenticator's key; an hour passes between two about keys, which stay."""
    codes, key = shown.count(BACKUP), KEY in shown and is_first_lately(context, user)
    if codes or key:
        notices.queue_notice(context, user, EVENT, codes=codes, key=int(key), left=code_sets.count_unused(user.id))


def is_first_lately(context: RequestContext, user: User) -> bool:
    """Whether the owner had no email about a key within the hour; charges one."""
    try:
        limits.charge(context, [limits.make_limit(context.keys, 1, config.KEY_SHOWN_REST, "key shown", str(user.id))])
    except Refused:
        return False
    return True
