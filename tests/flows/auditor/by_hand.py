"""What a person with all the rows at hand would write into each table of a folder: plain Python over dictionaries, and no query."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.models import (
    Authenticator,
    BackupCode,
    BackupCodeSet,
    EmergencyGrant,
    EmergencyView,
    Event,
    Link,
    Practice,
    RecoveryCase,
    ResetRequest,
    User,
)
from tests.support.audited import OWN, ZONE

STAFF = ("provider", "administrator")
ALLOWED = ("totp",)  # passkeys are off where these tests run
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
COUNTED = ("authenticator_added", "authenticator_replaced", "authenticator_removed", "backup_codes_made", "two_factor_reset")


class ByHand:
    """The tables of one practice for a period of days, both included, as sets of tuples."""

    def __init__(self, rows, now, first, last):
        self.rows, self.now = rows, now
        self.begin = datetime(first.year, first.month, first.day, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
        after = last + DAY
        self.end = datetime(after.year, after.month, after.day, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
        self.users = {each["id"]: each for each in rows[User]}
        self.staff = [each for each in rows[User] if each["practice_id"] == OWN and each["role"] in STAFF]
        [self.practice] = [each for each in rows[Practice] if each["id"] == OWN]

    def within(self, at):
        return at is not None and self.begin <= at < self.end

    def called(self, key):
        """Returns the account of somebody by id; None for nobody."""
        return self.users[key]["username"] if key is not None else None

    def own(self, model, user):
        return [each for each in self.rows[model] if each["user_id"] == user["id"]]

    # --- who has what

    def factors(self):
        """Returns (account, method, since, last used, state, codes left)."""
        found = []
        for user in self.staff:
            if user["disabled_at"] or user["two_factor"] != "on":
                continue
            found += [(user["username"], *self.factor(each)) for each in self.own(Authenticator, user)]
            found += [
                (user["username"], *self.code_set(each)) for each in self.own(BackupCodeSet, user) if not each["replaced_at"]
            ]
        return sorted(found, key=str)

    def factor(self, row):
        if row["method"] not in ALLOWED:
            state = "opens_no_chart"
        elif row["disabled_at"]:
            state = "blocked"
        elif row["suspended_at"]:
            state = "on_hold"
        else:
            state = "blocked_in_new_browsers" if row["strangers_disabled_at"] else "works"
        return row["method"], row["created_at"], row["last_used_at"], state, None

    def code_set(self, row):
        left = sum(each["set_id"] == row["id"] and each["used_at"] is None for each in self.rows[BackupCode])
        state = "handed_over" if row["sealed_copy_given_at"] else "saved" if row["saved_at"] else "unsaved"
        return "backup_codes", row["created_at"], None, state, left

    def missing(self):
        """Returns (account, why, since, until, sign-ins left)."""
        return sorted(((user["username"], *why) for user in self.staff if (why := self.why(user))), key=str)

    def why(self, user):
        if user["disabled_at"]:
            return "closed", user["disabled_at"], None, None
        if user["two_factor"] == "on":
            has_one = any(each["method"] in ALLOWED for each in self.own(Authenticator, user))
            return None if has_one else ("opens_no_chart", user["two_factor_since"], None, None)
        if user["two_factor"] == "reset":
            ends = [
                each["expires_at"] for each in self.own(Link, user)
                if each["purpose"] in ("reset_set_up", "recovery_set_up") and not each["used_at"] and each["expires_at"] > self.now
            ]  # fmt: skip
            return "reset" if ends else "reset_lapsed", user["reset_at"], max(ends, default=None), None
        return self.grace(user) or ("not_set_up", user["created_at"], None, None)

    def grace(self, user):
        deadline, left = self.practice["deadline_at"], user["grace_sign_ins"]
        if user["role"] != "provider" or deadline is None or left is None:
            return None
        until = deadline + timedelta(days=self.practice["grace_days"])
        if self.now > deadline and (until <= self.now or left < 1):
            return None
        return "grace", user["created_at"], until, left

    # --- what happened

    def changes(self):
        """Returns (when, account, event, factor, who did it)."""
        names = {each["id"]: each["username"] for each in self.staff}
        return sorted(
            (
                (each["at"], names[each["subject_id"]], each["event"], each["factor"], self.called(each["actor_id"]))
                for each in self.rows[Event]
                if each["subject_id"] in names and self.within(each["at"])
                and (each["event"] == "authenticator_disabled" or (each["event"] in COUNTED and each["result"] == "ok"))
            ),
            key=str,
        )  # fmt: skip

    def resets(self):
        """Returns (kind, account, who asked, when, reason, grounds, outcome, who decided, when)."""
        return sorted([*self.requests(), *self.recoveries()], key=str)

    def requests(self):
        for each in self.rows[ResetRequest]:
            if each["practice_id"] != OWN or each["status"] == "draft":
                continue
            if not (self.within(each["asked_at"]) or self.within(each["decided_at"])):
                continue
            outcome, decider = each["status"], each["decided_by_id"]
            if outcome == "done" and decider is None:
                outcome = "alone"
            if outcome == "waiting" and self.now - each["asked_at"] >= DAY:
                outcome = "lapsed"
            people = (self.called(decider),) if decider else ()
            yield (
                "reset", self.called(each["subject_id"]), self.called(each["asked_by_id"]), each["asked_at"], each["reason"],
                tuple(each["checks"]), outcome, people, each["decided_at"],
            )  # fmt: skip

    def recoveries(self):
        own = {each["id"] for each in self.staff}
        for each in self.rows[RecoveryCase]:
            if each["user_id"] not in own or not each["confirmed_at"]:
                continue
            if not (self.within(each["opened_at"]) or self.within(each["ended_at"])):
                continue
            proofs = [name for name in ("password", "identity") if each[f"{name}_at"]]
            people = tuple(self.called(each[name]) for name in ("approved_by_id", "decided_by_id") if each[name])
            outcome = "open" if each["state"] == "checking" else each["state"]
            at = each["decided_at"] or each["ended_at"]
            account = self.called(each["user_id"])
            yield "recovery", account, None, each["opened_at"], "", (*proofs, *each["checks"]), outcome, people, at

    def emergencies(self):
        """Returns (account, when, outcome, who decided, when, end, charts, review, who reviewed, when)."""
        return sorted((self.emergency(each) for each in self.rows[EmergencyGrant] if self.concerns(each)), key=str)

    def concerns(self, row):
        if row["practice_id"] != OWN:
            return False
        if self.within(row["asked_at"]) or self.within(row["reviewed_at"]):
            return True
        over = row["ended_at"] or row["ends_at"]
        return row["approved_at"] is not None and row["approved_at"] < self.end and over >= self.begin

    def emergency(self, row):
        end = row["ended_at"]
        if end is None and row["ends_at"] is not None and row["ends_at"] <= self.now:
            end = row["ends_at"]
        if row["approved_at"]:
            outcome = "approved" if end else "running"
        elif row["refused_at"]:
            outcome = "refused"
        else:
            outcome = "lapsed" if self.now - row["asked_at"] >= HOUR / 2 else "waiting"
        review = ""
        if row["approved_at"] and end:
            if row["reviewed_at"]:
                review = "reviewed" if row["reviewed_at"] - end <= DAY else "reviewed_late"
            else:
                review = "overdue" if self.now - end >= DAY else "due"
        views = [each for each in self.rows[EmergencyView] if each["grant_id"] == row["id"]]
        charts = tuple(each["chart_id"] for each in sorted(views, key=lambda each: (each["opened_at"], each["chart_id"])))
        return (
            self.called(row["provider_id"]), row["asked_at"], outcome, self.called(row["decided_by_id"]),
            row["approved_at"] or row["refused_at"], end, charts, review, self.called(row["reviewed_by_id"]), row["reviewed_at"],
        )  # fmt: skip

    def months(self):
        """Returns month as YYYY-MM -> counts, only of months with any."""
        own, found = {each["id"] for each in self.staff}, {}
        for each in self.rows[Event]:
            if each["subject_id"] not in own or not self.within(each["at"]):
                continue
            column = column_of(each)
            if column is not None:
                month = each["at"].astimezone(ZoneInfo(ZONE)).strftime("%Y-%m")
                found.setdefault(month, [0] * 8)[column] += each["times"]
        return {month: tuple(counts) for month, counts in found.items()}


def column_of(event):
    """Returns which count an event belongs to, or None."""
    name, factor, reason = event["event"], event["factor"], event["reason"]
    if name == "authn_login_success":
        return None if reason == "code_due" else 0
    if name == "authn_login_fail":
        return 4 if reason == "throttled" else 1 if factor == "password" else 3 if factor == "backup_code" else 2
    if name == "authn_login_lock":
        return 5 if factor == "password" else 6
    return 7 if name == "authenticator_disabled" else None
