"""The SELECT that loads a session and its user on every request."""

from typing import Any

from sqlalchemy import BindParameter, bindparam, case, exists, false, select

from portal.flows.base.places import PLACE_ZONE
from portal.flows.base.recovery_cases import ALARMING
from portal.models import Authenticator, RecoveryCase, Session, User
from portal.policy import POLICIES

S, U, A, R = Session.__table__.c, User.__table__.c, Authenticator.__table__.c, RecoveryCase.__table__.c
ROLES_THAT_MUST_USE = sorted(role for policy in POLICIES if policy.must_use for role in policy.roles)
UNRESTRICTED: BindParameter[Any] = bindparam("unrestricted", expanding=True)
HAS_UNRESTRICTED = case(
    (U.role.in_(ROLES_THAT_MUST_USE), exists().where(A.user_id == U.id, A.method.in_(UNRESTRICTED))), else_=false()
)
OPEN_RECOVERY = (
    select(R.id).where(R.user_id == U.id, R.ended_at.is_(None), R.state.in_(ALARMING)).correlate(User.__table__).scalar_subquery()
)
# The fields of SessionUser in order, and two more. Every request runs this, so it is built once, and from tables: no ORM mapping.
FIND_SESSION = (
    select(
        S.id, S.token_hash, S.level, S.next_path, S.browser_known, S.last_seen_at, S.ends_at, S.password_at, S.second_factor_at,
        U.id, U.username, U.full_name, U.role, U.two_factor, U.two_factor_since, U.generation, U.invited_until, U.practice_id,
        HAS_UNRESTRICTED, S.put_off_at, U.language, U.time_zone, PLACE_ZONE,
        U.codes_paused_until, U.own_paused_until, S.backup_paused_until, OPEN_RECOVERY,
        S.ended_reason, U.disabled_at,
    )
    .join_from(Session.__table__, User.__table__, S.user_id == U.id)
    .where(S.token_hash == bindparam("hash"))
)  # fmt: skip
