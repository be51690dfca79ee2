"""What somebody confirms with, for the words of pages and emails: where it has no codes, they speak of more than a phone."""

from sqlalchemy import bindparam, select

from portal.answers import CODE
from portal.db import read
from portal.methods import takers_of_another
from portal.models import Authenticator

HELD = select(Authenticator.method).where(Authenticator.user_id == bindparam("owner")).distinct()


def has_keys(user_id: int) -> bool:
    """Whether somebody has an authenticator without codes, working or not. Asks nothing while no such method is switched on."""
    keys = takers_of_another(CODE)
    return bool(keys) and any(name in keys for name in read(HELD, {"owner": user_id}).scalars())
