""" "This wasn't me": a person who was told of something answers that it was somebody else."""

from sqlalchemy import update

from portal.db import begin_write, change, db
from portal.flows import links, sessions
from portal.flows.events import record
from portal.flows.notices import NOT_ME
from portal.flows.visit import Visit
from portal.messages import Refused
from portal.models import Link, Session, TrustedBrowser, User

NO_LONGER = {"link_used": "not_me_used", "link_expired": "not_me_expired"}


def look(visit: Visit, token: str) -> Link:
    """The link, still good; changes nothing. Raises Refused: nobody can ask for a new one of these."""
    try:
        return links.look_at(visit, token, NOT_ME)
    except Refused as refused:
        raise Refused(NO_LONGER.get(refused.reason, refused.reason)) from None


def is_at_once(link: Link) -> bool:
    """Whether it needs no sign-in: ending a stranger's sign-in takes nothing from the person but a sign-in of their own."""
    return link.facts["template"] == "new_browser"


def asks_sign_in(visit: Visit, link: Link) -> bool:
    """Whether the link's owner has to sign in first."""
    who = visit.visitor
    return not is_at_once(link) and (who is None or who.is_claimant or who.user_id != link.user_id)


def answer(visit: Visit, token: str) -> None:
    """End the person's trusted browsers and sessions, but for the one that signed in to say so. Raises Refused."""
    begin_write()
    link = look(visit, token)
    if asks_sign_in(visit, link):
        raise Refused("sign_in_first")
    links.spend(visit, link)
    ended = sessions.end_where(visit, NOT_ME).where(Session.user_id == link.user_id, Session.ended_at.is_(None))
    change(ended if is_at_once(link) else ended.where(Session.id != visit.who.session_id))
    trusted = update(TrustedBrowser).where(TrustedBrowser.user_id == link.user_id, TrustedBrowser.ended_at.is_(None))
    change(trusted.values(ended_at=visit.now))
    record(visit, "session_end", about=db.session.get_one(User, link.user_id), reason=NOT_ME)
    db.session.commit()
