"""The rows of an account that has been in use for a while: of each table, for `demo_crowd`."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from portal import passwords
from portal.crypto import Keyring, token_hash
from portal.flows.base.context import RequestContext
from portal.flows.factors.backup_codes import new_code
from portal.flows.factors.challenges import method_context
from portal.flows.factors.code_sets import hash_code, set_place
from portal.flows.messages.notices import outbox_place
from portal.flows.messages.outbox import MAIL
from portal.flows.operator.demo import MAIL_HOST, PASSWORD
from portal.flows.sessions.sessions import new_token
from portal.gateways import SENT
from portal.methods import first_method
from portal.models import User, new_id, secret_place
from portal.models.user import fold_email, user_place
from portal.names import sort_key
from portal.settings import config
from portal.version import VERSION

USERNAME = "person{:08}"  # ordered as they are numbered
FIRST_NAMES = ("Ana", "Ben", "Chloe", "David", "Elif", "Farid", "Grace", "Hana", "Igor", "Jamal", "Karin", "Luis", "Mei", "Noah")
LAST_NAMES = ("Adams", "Baker", "Castillo", "Diaz", "Ekberg", "Fischer", "Garcia", "Hughes", "Ivanova", "Jensen", "Kim", "Lopez")
PER_PRACTICE, PER_PROVIDER = 1000, 100  # accounts to one practice, and to one provider of it
ON, TRUSTS = 7, 3  # of ten accounts: with two-factor authentication, and with a trusted browser besides
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
# What happened to an account, and how many days ago: the event, its result, reason, and factor.
HISTORY = (
    (80, "authn_login_success", "ok", None, "password"),
    (80, "authenticator_binding_begun", "ok", None, None),
    (80, "authenticator_added", "ok", None, None),
    (80, "backup_codes_made", "ok", None, "backup_code"),
    (80, "backup_codes_saved", "ok", None, "backup_code"),
    (45, "authn_login_success", "ok", "code_due", "password"),
    (45, "authn_login_success", "ok", None, None),
    (20, "authn_login_fail", "refused", "wrong", None),
    (2, "authn_login_success", "ok", "code_due", "password"),
    (2, "authn_login_success", "ok", None, None),
)
# Emails that have gone out to an account, and how many days ago; the first to those alone that have two-factor authentication on.
MAILED = ((80, "two_factor_on"), (45, "new_browser"))


@dataclass(frozen=True)
class Member:
    """One account to add."""

    id: int
    number: int
    session_hash: str

    @property
    def username(self) -> str:
        return USERNAME.format(self.number)

    @property
    def address(self) -> str:
        return f"{self.username}@{MAIL_HOST}"

    @property
    def is_provider(self) -> bool:
        return self.number % PER_PROVIDER == 0

    @property
    def is_on(self) -> bool:
        return self.is_provider or self.number % 10 < ON

    @property
    def has_trust(self) -> bool:
        return self.number % 10 < TRUSTS


class Crowd:
    """What all of them share: the password, the backup codes, and the moments of their history."""

    def __init__(self, keys: Keyring, now: datetime) -> None:
        self.keys, self.now = keys, now
        self.stored = passwords.hash_password(PASSWORD)
        self.salt, self.pepper = secrets.token_bytes(16), secrets.token_urlsafe(32)
        self.hashes = [hash_code(new_code(), self.salt, self.pepper) for _ in range(config.BACKUP_CODES)]
        self.names = [(f"{first} {last}", sort_key(f"{first} {last}")) for first in FIRST_NAMES for last in LAST_NAMES]
        context = RequestContext(now=now, keys=keys, ip="", user_agent="demo seed", request_id="demo-seed")
        self.facts = {"issuer": "Medximity", "may_trust": True, "browser": "Chrome on Windows", "ip": "192.0.2.7"}
        self.method = first_method()
        self.of_method = method_context(context, User(id=0, username="", full_name="", role="patient"))

    def ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days)

    def new_secret(self) -> str:
        return self.method.begin(self.of_method)


def user_row(crowd: Crowd, member: Member, practices: dict[int, int]) -> dict[str, Any]:
    full_name, name_key = crowd.names[member.number % len(crowd.names)]
    seal = crowd.keys.seal
    return {
        "id": member.id,
        "username": member.username,
        "full_name": full_name,
        "name_key": name_key,
        "role": "provider" if member.is_provider else "patient",
        "practice_id": practices[member.number // PER_PRACTICE] if member.is_provider else None,
        "password_sealed": seal(crowd.stored, user_place(member.id, "password")),
        "email_sealed": seal(member.address, user_place(member.id, "email")),
        "email_hash": crowd.keys.look_up_hash(fold_email(member.address)),
        "phone_sealed": seal("+15035550164", user_place(member.id, "phone")),
        "two_factor": "on" if member.is_on else "off",
        "two_factor_since": crowd.ago(80) if member.is_on else None,
        "code_failures": 0,
        "backup_failures": 0,
        "set_up_failures": 0,
        "password_failures": 0,
        "last_sign_in_at": crowd.ago(2),
        "created_at": crowd.ago(80),
    }


def authenticator_row(crowd: Crowd, member: Member) -> dict[str, Any]:
    key = new_id()
    return {
        "id": key,
        "user_id": member.id,
        "method": crowd.method.name,
        "name": crowd.method.begins_with["name"],
        "remembered": crowd.method.begins_with["remembered"],
        "secret_sealed": crowd.keys.seal(crowd.new_secret(), secret_place(member.id, key)),
        "failures": 0,
        "created_at": crowd.ago(80),
        "last_used_at": crowd.ago(2),
    }


def set_row(crowd: Crowd, member: Member, set_id: str) -> dict[str, Any]:
    return {
        "id": set_id,
        "user_id": member.id,
        "number": 1,
        "salt": crowd.salt,
        "pepper_sealed": crowd.keys.seal(crowd.pepper, set_place(member.id, set_id, "pepper")),
        "asked_number": 1,
        "created_at": crowd.ago(80),
        "saved_at": crowd.ago(80),
    }


def code_rows(crowd: Crowd, set_ids: Iterable[str]) -> Iterator[dict[str, Any]]:
    for set_id in set_ids:
        for number, hashed in enumerate(crowd.hashes, 1):
            yield {"set_id": set_id, "number": number, "hash": hashed}


def session_rows(crowd: Crowd, member: Member) -> Iterator[dict[str, Any]]:
    """Two sessions in one browser, both over."""
    browser = token_hash(new_token())
    for days, hashed, is_known in ((45, token_hash(new_token()), False), (2, member.session_hash, True)):
        began, ended = crowd.ago(days), crowd.ago(days - 0.01)
        yield {
            "token_hash": hashed,
            "user_id": member.id,
            "level": "aal2" if member.is_on else "aal1",
            "browser_hash": browser,
            "browser_known": is_known,
            "ip": "192.0.2.7",
            "user_agent": BROWSER,
            "created_at": began,
            "last_seen_at": ended,
            "ends_at": ended,
            "password_at": began,
            "second_factor_at": began if member.is_on else None,
            "ended_at": ended,
            "ended_reason": "signed_out",
        }


def trust_row(crowd: Crowd, member: Member) -> dict[str, Any]:
    return {
        "user_id": member.id,
        "token_hash": token_hash(new_token()),
        "generation": 0,
        "ip": "192.0.2.7",
        "user_agent": BROWSER,
        "created_at": crowd.ago(2),
        "last_used_at": crowd.ago(2),
        "expires_at": crowd.ago(2) + timedelta(days=config.TRUSTED_BROWSER_DAYS),
    }


def event_rows(crowd: Crowd, member: Member) -> Iterator[dict[str, Any]]:
    for days, event, result, reason, factor in HISTORY:
        yield {
            "at": crowd.ago(days),
            "event": event,
            "result": result,
            "reason": reason,
            "actor_id": member.id,
            "subject_id": member.id,
            "role": "provider" if member.is_provider else "patient",
            "factor": factor or crowd.method.name,
            "session_hash": member.session_hash,
            "request_id": "demo-seed",
            "ip": "192.0.2.7",
            "user_agent": BROWSER,
            "app_version": VERSION,
        }


def mail_rows(crowd: Crowd, member: Member) -> Iterator[dict[str, Any]]:
    for days, template in MAILED if member.is_on else MAILED[1:]:
        key, at = new_id(), crowd.ago(days)
        yield {
            "id": key,
            "user_id": member.id,
            "kind": MAIL,
            "template": template,
            "facts": {**crowd.facts, "name": member.username, "when": at.isoformat()},
            "to_sealed": crowd.keys.seal(member.address, outbox_place(key, "to")),
            "state": SENT,
            "attempts": 1,
            "outcome": SENT,
            "created_at": at,
            "expires_at": at + config.MAIL_LIFE,
            "sent_at": at,
        }
