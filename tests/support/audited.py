"""Two practices with made-up people in every state that an auditor asks for, as plain rows: a seed makes the same ones again."""

import random
from datetime import timedelta

from sqlalchemy import insert

from portal.models import (
    Authenticator,
    BackupCode,
    BackupCodeSet,
    Chart,
    EmergencyGrant,
    EmergencyView,
    Event,
    Link,
    Practice,
    RecoveryCase,
    ResetRequest,
    RestoreDrill,
    RuleChange,
    User,
)
from portal.names import sort_key

OWN, OTHER, FIRST = 901, 902, 900_000
ZONE = "America/Los_Angeles"
STAFF_SHARE = 0.75  # of the people that are made: the others are patients, whom no table may name
NAMES = (
    "Ana Whitfield",
    "김민준",
    "Олег Петров",
    "Nguyễn Thị Ánh",
    'José "Pepe" O\'Neil, MD',
    "=2+5+cmd|' /C calc'!A0",
    "Zoë 👩‍⚕️ Lindqvist",
    "李小龙",
)
STATES = ("on", "on", "on", "on", "off", "off", "reset")
EVENTS = (
    ("authn_login_success", "ok", None, "totp"),
    ("authn_login_success", "ok", "code_due", "password"),
    ("authn_login_fail", "refused", "sign_in_wrong", "password"),
    ("authn_login_fail", "refused", "wrong", "totp"),
    ("authn_login_fail", "refused", "wrong", "backup_code"),
    ("authn_login_fail", "refused", "throttled", "totp"),
    ("authn_login_lock", "refused", "passwords", "password"),
    ("authn_login_lock", "refused", "throttled", None),
    ("authenticator_disabled", "refused", "strangers", "totp"),
    ("authenticator_added", "ok", None, "totp"),
    ("authenticator_replaced", "ok", None, "totp"),
    ("authenticator_removed", "refused", "wrong", "totp"),
    ("backup_codes_made", "ok", None, "backup_code"),
    ("two_factor_reset", "ok", None, None),
    ("session_end", "ok", "signed_out", None),
)


class Audited:
    """The rows by model, as dictionaries. `staff`: how many people the practice has; the other one has a quarter of them."""

    def __init__(self, seed, now, staff=40, events=12):
        self.dice = random.Random(seed)  # noqa: S311  # nothing here is secret
        self.now, self.events = now, events
        self.rows = {model: [] for model in MODELS}
        self.staff = {OWN: [], OTHER: [], None: []}  # ids by practice
        for key in (OWN, OTHER):
            self.add_practice(key)
        for number in range(staff + staff // 4):
            self.add_person(FIRST + number, OWN if number < staff else OTHER)
        people = self.rows[User]
        self.agents = [self.add_person(FIRST + len(people), None, "support") for _ in range(2)]
        self.add_charts()
        for user in people[: -len(self.agents)]:
            self.add_history(user)
        for number in range(4):
            at = now - timedelta(days=100 * number + 3)
            self.add(
                RestoreDrill,
                id=f"drill{number}",
                at=at,
                done_by=f"Dana {number}",
                result="ok",
                note="All signed in",
                recorded_at=now,
            )

    def add(self, model, **columns):
        self.rows[model].append(columns)
        return columns

    def maybe(self, value, chance=0.5):
        return value if self.dice.random() < chance else None

    def ago(self, days=400.0):
        """Returns a moment within so many days, to the second; some lie exactly at midnight of the practice."""
        at = self.now - timedelta(seconds=self.dice.randrange(1, int(days * 86400)))
        return at.replace(hour=8, minute=0, second=0, microsecond=0) if self.dice.random() < 0.1 else at.replace(microsecond=0)

    def add_practice(self, key):
        dice = self.dice
        deadline = dice.choice((None, self.now + timedelta(days=5), self.now - timedelta(days=2)))
        grace = {"grace_days": dice.choice((0, 3)), "grace_sign_ins": 2} if deadline else {"grace_days": 0, "grace_sign_ins": 0}
        self.add(
            Practice, id=key, name=f"Practice {key} 로즈", city="", phone="", time_zone=ZONE, deadline_at=deadline, **grace,
            added_methods=dice.choice(("", "passkey")),
        )  # fmt: skip
        for number, value in enumerate(("", "passkey"), 1):
            at = self.now - timedelta(days=500 - 200 * number)
            self.add(
                RuleChange, id=f"rule{key}-{number}", scope=str(key), practice_id=key, name="added_methods", number=number, value=value,
                at=at, by_id=None,
            )  # fmt: skip

    def add_person(self, key, practice, role=None):
        dice, name = self.dice, f"{self.dice.choice(NAMES)} {key}"
        state = "on" if role else dice.choice(STATES)
        user = self.add(
            User, id=key, username=f"staff{key}", full_name=name, name_key=sort_key(name), practice_id=practice, password_sealed=b"",
            role=role or dice.choice(("provider", "provider", "administrator", "patient")), two_factor=state,
            two_factor_since=self.ago() if state == "on" else None, reset_at=self.ago() if state == "reset" else None,
            grace_sign_ins=dice.choice((None, 0, 2)), created_at=self.ago(800), last_sign_in_at=self.maybe(self.ago(30), 0.8),
            disabled_at=self.maybe(self.ago(50), 0.08),
        )  # fmt: skip
        if user["role"] != "patient":
            self.staff[practice].append(key)
        if state == "on":
            self.add_factors(user)
        if state == "reset":
            for at, purpose in enumerate(
                dice.choice(((), ("reset_set_up",), ("recovery_set_up",), ("reset_set_up", "new_password")))
            ):
                until = self.now + timedelta(hours=dice.choice((-3, 5)))
                self.add(
                    Link, user_id=key, purpose=purpose, token_hash=f"link{key}-{at}", facts={}, created_at=self.ago(1), expires_at=until,
                    used_at=self.maybe(self.now, 0.2),
                )  # fmt: skip
        return user

    def add_factors(self, user):
        dice, key = self.dice, user["id"]
        for at in range(dice.choice((0, 1, 1, 1, 2))):
            self.add(
                Authenticator, id=f"{key}-{at}", user_id=key, method=dice.choice(("totp", "totp", "sms", "passkey")), name="made up",
                secret_sealed=b"", remembered={}, created_at=self.ago(), last_used_at=self.maybe(self.ago(20)),
                strangers_disabled_at=self.maybe(self.ago(), 0.1), disabled_at=self.maybe(self.ago(), 0.1),
                suspended_at=self.maybe(self.ago(), 0.1),
            )  # fmt: skip
        for number, replaced in ((1, True), (2, False))[: dice.choice((0, 1, 2, 2))]:
            set_id = f"set{key}-{number}"
            self.add(
                BackupCodeSet, id=set_id, user_id=key, number=number, salt=b"", pepper_sealed=b"", asked_number=1, created_at=self.ago(),
                saved_at=self.maybe(self.ago()), sealed_copy_given_at=self.maybe(self.ago(), 0.3),
                replaced_at=self.now if replaced else None,
            )  # fmt: skip
            for code in range(1, 11):
                self.add(BackupCode, set_id=set_id, number=code, hash=b"", used_at=self.maybe(self.ago(), 0.2))

    def add_charts(self):
        for key in range(FIRST, FIRST + 6):
            place = OWN if key % 2 else OTHER
            self.add(
                Chart, id=key, practice_id=place, patient_name="Patient", born_on=self.now.date(), allergies="", medicines="",
            )  # fmt: skip

    def add_history(self, user):
        dice, key = self.dice, user["id"]
        others = self.staff[user["practice_id"]] or [key]
        for _ in range(self.events):
            event, result, reason, factor = dice.choice(EVENTS)
            self.add(
                Event, at=self.ago(), event=event, result=result, reason=reason, factor=factor, subject_id=key, role=user["role"],
                actor_id=dice.choice((key, None, dice.choice(others))), request_id="made-up", ip="192.0.2.1", user_agent="",
                app_version="1", times=dice.choice((1, 1, 7)),
            )  # fmt: skip
        if user["role"] == "patient":
            return
        if dice.random() < 0.4:
            status = dice.choice(("draft", "waiting", "done", "done", "refused"))
            asked = self.ago()
            decided = asked + timedelta(hours=dice.randrange(30)) if status in ("done", "refused") else None
            self.add(
                ResetRequest, id=f"reset{key}", practice_id=user["practice_id"], subject_id=key, asked_by_id=dice.choice(others),
                asked_at=dice.choice((asked, self.now - timedelta(hours=2))) if status == "waiting" else asked, generation=0,
                reason=f"Phone lost, case {key}\n@SUM(1)", checks=dice.choice((["photo_id"], ["known_voice", "video_call"])),
                status=status, decided_by_id=dice.choice((None, dice.choice(others))) if decided else None, decided_at=decided,
            )  # fmt: skip
        if dice.random() < 0.2:
            self.add_recovery(user)
        if dice.random() < 0.3:
            self.add_emergency(user, others)

    def add_recovery(self, user):
        dice, opened = self.dice, self.ago()
        ended = opened + timedelta(days=2)
        state = dice.choice(("done", "lapsed", "stopped", "refused", "checking"))
        self.add(
            RecoveryCase, id=f"case{user['id']}", user_id=user["id"], generation=0, state=state, state_since=opened, opened_at=opened,
            code_seed="", code_until=opened, confirmed_at=self.maybe(opened, 0.8), password_at=self.maybe(opened),
            identity_at=self.maybe(opened), checks=dice.choice(([], ["photo_id"])), notice_ids=[], replaced=[],
            approved_by_id=dice.choice((None, self.agents[0]["id"])), decided_by_id=dice.choice((None, self.agents[1]["id"])),
            decided_at=self.maybe(ended), ended_at=None if state == "checking" else ended,
        )  # fmt: skip

    def add_emergency(self, user, others):
        dice, asked = self.dice, self.ago()
        kind = dice.choice(("approved", "approved", "approved", "refused", "nothing", "running"))
        asked = self.now - timedelta(minutes=20) if kind == "running" else dice.choice((asked, self.now - timedelta(minutes=10)))
        granted = kind in ("approved", "running")
        approved = asked + timedelta(minutes=2) if granted else None
        ended = approved + timedelta(minutes=dice.choice((20, 60))) if kind == "approved" else None
        reviewed = ended + timedelta(hours=dice.choice((2, 40))) if ended and dice.random() < 0.6 else None
        self.add(
            EmergencyGrant, id=f"grant{user['id']}", practice_id=user["practice_id"], provider_id=user["id"], reason="No phone: urgent",
            asked_at=asked, decided_by_id=dice.choice(others) if kind != "nothing" else None, approved_at=approved,
            refused_at=asked + timedelta(minutes=3) if kind == "refused" else None,
            ends_at=approved + timedelta(minutes=60) if approved else None, ended_at=ended,
            reviewed_by_id=dice.choice(others) if reviewed else None, reviewed_at=reviewed,
        )  # fmt: skip
        if granted:
            charts = [each["id"] for each in self.rows[Chart] if each["practice_id"] == user["practice_id"]]
            for at, chart in enumerate(dice.sample(charts, dice.randrange(len(charts)))):
                opened = approved + timedelta(minutes=at)
                self.add(EmergencyView, grant_id=f"grant{user['id']}", chart_id=chart, opened_at=opened)

    def write(self, connection):
        """Inserts everything, in the open transaction."""
        for model in MODELS:
            rows = self.rows[model]
            for at in range(0, len(rows), 5000):
                connection.execute(insert(model), rows[at : at + 5000])


MODELS = (
    Practice, User, Chart, Authenticator, BackupCodeSet, BackupCode, Link, Event, ResetRequest, RecoveryCase, EmergencyGrant, EmergencyView,
    RuleChange, RestoreDrill,
)  # fmt: skip
