"""A practice run of a method: a key that is stored nowhere and opens nothing, and the checks of the real one.

The key is computed from the token of the browser's session and a key of the portal's. What a run has to remember is counted
like any limit, by keyed hashes: the tries, and the codes that were used.
"""

from dataclasses import dataclass

from portal import clock
from portal.answers import Answer
from portal.db import begin_write, db
from portal.flows.base import limits
from portal.flows.base.context import RequestContext
from portal.flows.base.limits import Limit, make_limit
from portal.flows.factors import wrong_answers
from portal.flows.factors.check_code import RECOGNIZED
from portal.limit_address import limit_address
from portal.methods import Method, Practice, Secret, switched_on
from portal.settings import config
from portal.words.refusals import Refused

PLACE = "practice run"  # what its key and its counters are made for, and nothing else


@dataclass(frozen=True)
class Run:
    """The practice run of one browser."""

    method: Method
    practice: Practice
    secret: Secret
    own: Limit
    address: Limit


def open_run(context: RequestContext, session_token: str, issuer: str, label: str) -> Run | None:
    """The run that belongs to a session's token; `issuer` and `label` are what the app shows. None if no method can be tried out."""
    method = next((each for each in switched_on() if each.practice), None)
    if method is None or method.practice is None:
        return None
    key = method.practice.make_key(context.keys.mac(session_token, PLACE))
    secret = Secret(authenticator_id="", text=key, issuer=issuer, account=label)
    own = make_limit(context.keys, config.TRIES_BEFORE_PAUSE, config.PAUSES[0], PLACE, key)
    address = limit_address(context.ip)
    shared = make_limit(context.keys, config.PRACTICE_TRIES_OF_ADDRESS, config.PAUSES[0], f"{PLACE}, address", address)
    return Run(method, method.practice, secret, own, shared)


def try_answer(context: RequestContext, run: Run, answer: Answer, hints: tuple[str, ...]) -> None:
    """Check an answer as the method does, and use it up. Raises Refused with the reasons and counts of a real check."""
    charges = limits.charge_at_once(context, [run.own, run.address])
    own = next(each for each in charges if each.limit is run.own)
    try:
        check_answer(context, run, answer)
    except Refused as refused:
        if own.was_last:
            raise limits.throttled([own.ends_at - clock.now()]) from None
        explained = wrong_answers.explain_refusal(refused, run.method, own.spent, hints, run.secret.issuer)
        raise wrong_answers.with_tries(explained, own.spent) from None
    begin_write()
    limits.refund([own])
    db.session.commit()


def check_answer(context: RequestContext, run: Run, answer: Answer) -> None:
    """Raises Refused. A code that a refusal recognized is used up as well, as at sign-in."""
    used = make_limit(context.keys, 1, config.PRACTICE_USED, f"{PLACE}, used", run.secret.text, answer.value)
    try:
        run.practice.check(run.secret, answer.value, context.now)
    except Refused as refused:
        if refused.reason in RECOGNIZED:
            use_up(context, used)
        raise
    if not use_up(context, used):
        raise Refused("used")


def use_up(context: RequestContext, used: Limit) -> bool:
    """Whether a code was still unused; it no longer is."""
    try:
        limits.charge_at_once(context, [used])
    except Refused:
        return False
    return True
