"""The SELECT that loads a session and its user on every request."""

from sqlalchemy import bindparam, case, func, null, select

from portal.db import is_one_of, joined
from portal.flows.base.context import METHODS_APART
from portal.flows.base.places import VISITED_ZONE
from portal.flows.base.recovery_cases import ALARMING
from portal.models import Authenticator, Practice, RecoveryCase, Session, User
from portal.policy import POLICIES

S, U, A, R, P = (each.__table__.c for each in (Session, User, Authenticator, RecoveryCase, Practice))
MUST_USE = sorted(role for policy in POLICIES if policy.must_use for role in policy.roles)
METHODS = joined(A.method, METHODS_APART)
OWN_METHODS = case(
    (is_one_of(U.role, MUST_USE), select(METHODS).where(A.user_id == U.id).correlate(User.__table__).scalar_subquery()),
    else_=null(),
)
OPEN_RECOVERY = (
    select(R.id)
    .where(R.user_id == U.id, R.ended_at.is_(None), is_one_of(R.state, ALARMING))
    .correlate(User.__table__)
    .scalar_subquery()
)
# The fields of SessionUser in order, and two more. From tables: no ORM mapping.
FIND_SESSION = (
    select(
        S.id, S.token_hash, S.level, S.next_path, S.browser_known, S.last_seen_at, S.ends_at, S.password_at, S.second_factor_at,
        U.id, U.username, U.full_name, U.role, U.two_factor, U.two_factor_since, U.generation, U.invited_until, U.practice_id,
        OWN_METHODS, S.put_off_at, U.language, U.time_zone, func.coalesce(P.time_zone, VISITED_ZONE), P.added_methods,
        U.codes_paused_until, U.own_paused_until, S.backup_paused_until, OPEN_RECOVERY,
        U.confirms_since,
        S.ended_reason, U.disabled_at,
    )
    .join_from(Session.__table__, User.__table__, S.user_id == U.id)
    .outerjoin(Practice.__table__, P.id == U.practice_id)
    .where(S.token_hash == bindparam("hash"))
)  # fmt: skip
