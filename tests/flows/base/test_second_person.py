"""Dual control, where the access of the person who decides ends in the middle."""

import pytest
from sqlalchemy import update

from portal.flows.resets import ask
from portal.models import ResetRequest, Session, User
from tests.support.meanwhile import just_before

CHANGES = {
    "session": lambda now: update(Session).values(ended_at=now, ended_reason="two_factor_reset"),
    "role": lambda now: update(User).where(User.username == "admin.lee").values(role="provider"),
    "practice": lambda now: update(User).where(User.username == "admin.lee").values(practice_id=2),
    "account": lambda now: update(User).where(User.username == "admin.lee").values(disabled_at=now),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_who_may_act_no_more_when_the_rows_are_locked_changes_nothing(
    plain, database, clock, admin_lee, dr_okafor, monkeypatch, change
):
    plain.enter(admin_lee).open(f"/ehr/settings/team/{database.user(dr_okafor).id}/reset").tick("Saw them in person")
    just_before(monkeypatch, ask, "begin_write", lambda: database.change(change(clock.now)))
    plain.fill("Reset", Reason="Phone lost.")
    assert plain.status == 422 and "access" in plain.problems[0]
    assert database.user(dr_okafor).two_factor == "on" and not database.all(ResetRequest)
