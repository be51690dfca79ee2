"""Spares tests the confirmation of an act: whoever has just shown both factors has the proof, as if they had shown it for this act.

`tests/blueprints/account/test_act_proofs.py` walks the confirmation itself, in browsers that are not spared.
"""

from urllib.parse import parse_qs, urlsplit

from sqlalchemy import delete, insert, select

from portal import clock
from portal.crypto import token_hash
from portal.flows.base.context import Act
from portal.models import ActProof, Session, User
from portal.settings import config


def named_act(location):
    """Returns the act that a redirect to "Confirm it's you" names, or None."""
    parts = urlsplit(location or "")
    asked = parse_qs(parts.query)
    return Act(asked["act"][0], asked["target"][0]) if parts.path.endswith("/confirm") and "act" in asked else None


def prove(connection, session_id, act, now):
    """Writes the proof of an act, as after the confirmation."""
    attempt = act.attempt(session_id)
    columns = select(User.id, User.generation).join(Session, Session.user_id == User.id).where(Session.id == session_id)
    user = connection.execute(columns).one()
    connection.execute(delete(ActProof).where(ActProof.attempt == attempt))
    row = {"attempt": attempt, "user_id": user.id, "generation": user.generation, "expires_at": now + config.ACT_PROOF_LIFE}
    connection.execute(insert(ActProof).values(**row))


def pass_by(page, town):
    """Leads a window from "Confirm it's you" for an act to the act's own page, if its session is fresh."""
    cookie = next((each["value"] for each in page.context.cookies() if each["name"] == "session"), None)
    if spare(town.app.extensions["engine"], cookie, page.url, town.now()):
        page.goto(parse_qs(urlsplit(page.url).query)["next"][0])


def spare(engine, cookie, location, now=None):
    """Writes the proof that a redirect asks for, if the cookie's session is fresh; returns whether it did."""
    act = named_act(location)
    if act is None or not cookie:
        return False
    now = now or clock.now()
    since = now - config.REAUTHENTICATION_LIFE
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        fresh = (Session.password_at >= since, Session.second_factor_at >= since, Session.ended_at.is_(None))
        found = connection.scalar(select(Session.id).where(Session.token_hash == token_hash(cookie), *fresh))
        if found is not None:
            prove(connection, found, act, now)
    return found is not None
