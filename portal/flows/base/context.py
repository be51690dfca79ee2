"""The request context: what a flow knows about the request and the person who made it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal import clock
from portal.crypto import Keyring
from portal.languages import SOURCE
from portal.policy import Policy, policy_under
from portal.settings import config
from portal.zones import first_zone

LEVEL_CLAIMANT = "claimant"
LEVEL_WAITING = "waiting"  # a claimant waiting for emergency access to be approved
LEVEL_UNCONFIRMED = "unconfirmed"  # a right code in a new browser, which the account's owner has to confirm (decision 43)
LEVEL_EMERGENCY = "emergency"  # reads charts for an hour, without a code (AD-6)
LEVEL_ONE = "aal1"
LEVEL_TRUSTED = "aal1+trusted"
LEVEL_TWO = "aal2"
CLAIMS = (LEVEL_CLAIMANT, LEVEL_WAITING, LEVEL_UNCONFIRMED)
CODE_DUE = (*CLAIMS, LEVEL_EMERGENCY)  # a code is due and has not been shown, or is not enough
ACT_DIGITS = 24  # hexadecimal: 96 bits of a hash, and room for any session's number
METHODS_APART = ","  # stands between the names of methods, none of which has it


class SessionUser(NamedTuple):
    """A live session and its user, loaded by one SELECT."""

    session_id: int
    token_hash: str
    level: str
    next_path: str | None
    browser_known: bool
    last_seen_at: datetime
    ends_at: datetime
    password_at: datetime
    second_factor_at: datetime | None
    user_id: int
    username: str
    full_name: str
    role: str
    two_factor: str
    two_factor_since: datetime | None
    generation: int
    invited_until: datetime | None  # no invitation to set up is shown until then
    practice_id: int | None
    methods: str | None  # of the authenticators, METHODS_APART; queried only if the policy requires two-factor authentication
    put_off_at: datetime | None  # when set-up was postponed in this session
    language: str | None  # BCP 47 tag, perhaps of a language that is no longer offered
    time_zone: str | None  # IANA name that the person chose, perhaps of a zone that has vanished
    place_zone: str | None  # the same of the practice
    added_methods: str | None  # that the practice has added for its people, METHODS_APART
    codes_paused_until: datetime | None  # the pauses of codes: of strangers, and of the owner
    own_paused_until: datetime | None
    backup_paused_until: datetime | None  # of backup codes in this session
    recovery_case: str | None  # an open recovery of the account, whose mailed code was entered: every page says so
    confirms_since: datetime | None  # when the person chose to confirm sign-ins in new browsers

    @property
    def is_claimant(self) -> bool:
        """Password shown, code not yet (SE-8), or not enough."""
        return self.level in CLAIMS

    @property
    def is_unconfirmed(self) -> bool:
        """A right code was shown in a new browser, and its owner has not confirmed it yet."""
        return self.level == LEVEL_UNCONFIRMED

    @property
    def is_emergency(self) -> bool:
        """Break-glass: an approver granted access to read charts, and nothing else (AD-6)."""
        return self.level == LEVEL_EMERGENCY

    @property
    def owes_code(self) -> bool:
        """Whether a code is due and has not been shown: such a session may see nothing of the account itself."""
        return self.level in CODE_DUE

    @property
    def is_trusted(self) -> bool:
        """Signed in from a trusted browser, without a second factor (C-1)."""
        return self.level == LEVEL_TRUSTED

    @property
    def is_on(self) -> bool:
        return self.two_factor == "on"

    @property
    def own_methods(self) -> list[str]:
        """The names of the methods of the person's authenticators; none if the policy doesn't require one."""
        return self.methods.split(METHODS_APART) if self.methods else []

    @property
    def added(self) -> list[str]:
        """The names of the methods that the person's practice has added to those which everyone may choose."""
        return self.added_methods.split(METHODS_APART) if self.added_methods else []

    @property
    def is_reset(self) -> bool:
        """Signed in with a reset link and the password: may set up again, and nothing else (rule 1)."""
        return self.two_factor == "reset"

    def idle_end(self, now: datetime) -> datetime:
        """When the session expires if it stays idle. If the clock has been set back since it was last seen, that was just now."""
        if self.level in (LEVEL_WAITING, LEVEL_UNCONFIRMED):
            return self.ends_at
        return min(
            min(self.last_seen_at, now) + (config.CLAIMANT_LIFE if self.is_claimant else config.SESSION_IDLE), self.ends_at
        )

    def is_fresh(self, now: datetime) -> bool:
        """Whether the password and, if two-factor authentication is on, the second factor were shown within five minutes (RA-1, RA-4)."""
        proved_at = [self.password_at]
        if self.is_on:
            if self.second_factor_at is None:
                return False
            proved_at.append(self.second_factor_at)
        return all(clock.is_recent(each, now, config.REAUTHENTICATION_LIFE) for each in proved_at)


@dataclass(frozen=True, slots=True)
class Act:
    """An act that needs a proof of its own: what is about to happen, and to what. A proof for one target does nothing for another."""

    name: str
    target: str

    def attempt(self, session_id: int) -> str:
        """What the texts, challenges, and the proof of this act in one session are bound to: at most 48 characters."""
        digest = hashlib.sha256(f"{self.name}:{self.target}".encode()).hexdigest()
        return f"act:{session_id}:{digest[:ACT_DIGITS]}"


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The context of one request, free of Flask."""

    now: datetime
    keys: Keyring
    ip: str
    user_agent: str
    request_id: str
    visitor: SessionUser | None = None
    host: str = ""  # of the portal's address, for the last line of a text (origin-bound code)
    origin: str = ""  # scheme, host, and port of the page: what passkeys are bound to
    texts: bool = True  # whether the operator lets codes go out by text
    provider_methods: tuple[str, ...] | None = (
        None  # those that the operator lets providers use; None: all that their policy accepts
    )
    confirms: str = config.CONFIRM_OFF  # who confirms sign-ins in new browsers: one of config.CONFIRMING
    countries: tuple[str, ...] = ()  # that texts may be sent to
    browser: str | None = None  # token that recognizes a browser seen before; opens nothing
    trusted: tuple[str, ...] = ()  # this browser's trust tokens, at most one per user
    trust_days: int = 0  # how long patients may trust a browser; 0 is never
    language: str = SOURCE  # of this page
    time_zone: str = "UTC"  # the operator's
    languages: tuple[str, ...] = (SOURCE,)  # that the operator offers
    promise_days: int = config.RECOVERY_PROMISE_DAYS  # working days within which support answers a recovery request
    act: Act | None = None  # what the visitor is asked to confirm, if that needs a proof of its own

    @property
    def place(self) -> ZoneInfo:
        """The zone of the visitor's practice; the operator's if it has none."""
        return first_zone(self.visitor.place_zone if self.visitor else None, self.time_zone)

    @property
    def is_known(self) -> bool:
        """Whether the visitor has completed a sign-in in this browser: this session, or an earlier one."""
        return self.visitor is not None and (self.visitor.browser_known or not self.visitor.owes_code)

    def language_of(self, chosen: str | None) -> str:
        """The language to text the visitor in, who chose that one: this page's if it is no longer offered, or none was chosen."""
        return chosen if chosen in self.languages else self.language

    def policy_of(self, role: str) -> Policy:
        """The policy for a role, under the operator's settings. Raises KeyError."""
        return policy_under(role, self.provider_methods)

    @property
    def policy(self) -> Policy:
        """The visitor's."""
        return self.policy_of(self.user.role)

    @property
    def user(self) -> SessionUser:
        """The signed-in user, for flows behind a guard. Raises LookupError if there is none."""
        if self.visitor is None:
            raise LookupError("nobody is signed in")
        return self.visitor
