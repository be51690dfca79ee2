"""The names of what is counted, and which events and addresses count as what. No label holds a person, a number, or what was typed."""

from functools import cache

BUCKETS = (0.1, 0.5, 2.0)  # seconds: quick, noticed, a nuisance
MEASURES: dict[str, tuple[str, tuple[str, ...]]] = {
    "portal_ready": ("1 if this process can serve, as /readyz says", ()),
    "portal_worker_seen_age_seconds": ("Since a worker began its last sweep, which is due each minute", ()),
    "portal_queue_messages": ("Texts and emails that wait for a gateway", ("kind",)),
    "portal_queue_oldest_seconds": ("How long the oldest of them has waited", ("kind",)),
    "portal_audit_unsealed_seconds": ("How long the oldest event of the audit trail that no seal holds has waited", ()),
    "portal_messages": ("Texts and emails of the last hour", ("kind", "state")),
    "portal_recoveries_open": ("Account recoveries that are open", ("state",)),
    "portal_recoveries_overdue": ("Account recoveries that support has promised to answer by now", ()),
    "portal_recovery_waiting_seconds": ("How long the oldest account recovery has waited for support", ()),
    "portal_accounts": ("Accounts by their two-factor authentication", ("role", "two_factor")),
    "portal_accounts_paused": ("Accounts whose codes are paused", ("role",)),
    "portal_accounts_one_phone_from_lockout": ("Accounts with one way to get codes, and no backup code left", ("role",)),
}
COUNTS: dict[str, tuple[str, str, tuple[str, ...]]] = {  # what it is, its label, and all that the label may be
    "portal_sign_ins": ("Sign-ins", "result", ("signed_in", "code_due", "password_refused")),
    "portal_set_ups": (
        "Steps of setting up two-factor authentication",
        "step",
        ("begun", "verified", "codes_saved", "codes_postponed", "put_off", "canceled", "expired"),
    ),
    "portal_codes_refused": (
        "Verification codes, backup codes, and keys that were refused",
        "reason",
        (
            "wrong",
            "used",
            "clock_slow",
            "clock_fast",
            "throttled",
            "text_first",
            "text_expired",
            "text_old",
            "text_tries",
            "text_used",
            "key",
            "other",
        ),
    ),
    "portal_locks": ("Pauses and blocks after too many tries", "of", ("codes", "backup_codes", "passwords", "authenticator")),
    "portal_recoveries": (
        "Steps of account recoveries",
        "step",
        ("asked", "confirmed", "support_asked", "waiting", "ready", "done", "stopped", "refused", "lapsed"),
    ),
    "portal_emergency_access": ("Steps of emergency access", "step", ("asked", "approved", "refused", "begun", "reviewed")),
}
STEPS = {
    "authenticator_binding_begun": ("portal_set_ups", "begun"),
    "authenticator_added": ("portal_set_ups", "verified"),
    "authenticator_replaced": ("portal_set_ups", "verified"),
    "backup_codes_saved": ("portal_set_ups", "codes_saved"),
    "backup_codes_postponed": ("portal_set_ups", "codes_postponed"),
    "set_up_put_off": ("portal_set_ups", "put_off"),
    "authenticator_binding_cancelled": ("portal_set_ups", "canceled"),
    **{
        f"{subject}_{step}": (name, step)
        for subject, name in (("recovery", "portal_recoveries"), ("emergency", "portal_emergency_access"))
        for step in COUNTS[name][2]
    },
}
CODES = {"authn_login_fail", "reauthentication", "authenticator_binding"}  # refused
LOCKS = {"backup_code": "backup_codes", "password": "passwords"}
AREAS = (
    ("/two-factor", "set_up"), ("/sign-in", "sign_in"), ("/ehr", "ehr"), ("/support", "support"), ("/recovery", "recovery"),
    ("/account", "account"), ("/help", "help"),
)  # fmt: skip


def count_of(event: str, is_refused: bool, reason: str | None, factor: str | None) -> tuple[str, str] | None:
    """What an audit event counts as, and under which label; None if it is not counted."""
    if event == "authn_login_lock":
        return "portal_locks", LOCKS.get(factor or "", "codes")
    if event == "authenticator_disabled":
        return "portal_locks", "authenticator"
    if event == "authn_login_success":
        return "portal_sign_ins", "code_due" if reason == "code_due" else "signed_in"
    if is_refused and event in CODES:
        return count_refused(event, reason or "", factor)
    return None if is_refused and not event.endswith("_refused") else STEPS.get(event)


def count_refused(event: str, reason: str, factor: str | None) -> tuple[str, str]:
    """What a refused answer counts as."""
    if factor == "password":
        return "portal_sign_ins", "password_refused"
    if reason == "set_up_expired":
        return "portal_set_ups", "expired"
    return "portal_codes_refused", reason_of(reason)


def reason_of(reason: str) -> str:
    """A reason as it is counted: hints at what to try next are one, as are faults of what answers without a code."""
    if reason in COUNTS["portal_codes_refused"][2]:
        return reason
    words = reason.split("_")
    if words[0].endswith("key"):
        return "key"
    return next((word for word in ("wrong", "used") if word in words), "other")


@cache
def area_of(route: str | None) -> str:
    """The part of the portal that a route belongs to: all of them would be hundreds of series."""
    return next((area for part, area in AREAS if part in (route or "")), "other")
