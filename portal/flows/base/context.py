"""Who is here and from where: what every flow is told about the request that asks for it."""

from dataclasses import dataclass
from datetime import datetime

from portal.crypto import Keyring
from portal.settings import config

LEVEL_CLAIMANT = "claimant"
LEVEL_WAITING = "waiting"  # a claimant who asked for emergency access
LEVEL_EMERGENCY = "emergency"  # reads charts for an hour, without a code (AD-6)
LEVEL_ONE = "aal1"
LEVEL_TRUSTED = "aal1+trusted"
LEVEL_TWO = "aal2"
CLAIMS = (LEVEL_CLAIMANT, LEVEL_WAITING)
NO_CODE = (*CLAIMS, LEVEL_EMERGENCY)  # a code is due and was not shown


@dataclass(frozen=True, slots=True)
class SessionUser:
    """A live session and its person, as one SELECT brings them."""

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
    invited_until: datetime | None  # the invitation rests until then
    practice_id: int | None
    has_unrestricted: bool  # an authenticator that is not by telephone; asked for people alone whose policy wants one
    put_off_at: datetime | None  # set-up, at this sign-in

    @property
    def is_claimant(self) -> bool:
        """Password shown, code not yet (SE-8)."""
        return self.level in CLAIMS

    @property
    def is_emergency(self) -> bool:
        """Let in by an approver, to read charts and nothing else (AD-6)."""
        return self.level == LEVEL_EMERGENCY

    @property
    def owes_code(self) -> bool:
        """Whether a code is due and was not shown: as good as a stranger to all that is the person's own."""
        return self.level in NO_CODE

    @property
    def is_trusted(self) -> bool:
        """Let in by a trusted browser: no second factor was shown (C-1)."""
        return self.level == LEVEL_TRUSTED

    @property
    def is_on(self) -> bool:
        return self.two_factor == "on"

    @property
    def is_reset(self) -> bool:
        """Let in by the link of a reset and the password together: to set up, and nowhere else (rule 1)."""
        return self.two_factor == "reset"

    def idle_end(self) -> datetime:
        """When the session ends if nothing more happens."""
        if self.level == LEVEL_WAITING:
            return self.ends_at
        return min(self.last_seen_at + (config.CLAIMANT_LIFE if self.is_claimant else config.SESSION_IDLE), self.ends_at)

    def is_fresh(self, now: datetime) -> bool:
        """Whether password and, where it is on, second factor were shown within five minutes (RA-1, RA-4)."""
        shown = [self.password_at]
        if self.is_on:
            if self.second_factor_at is None:
                return False
            shown.append(self.second_factor_at)
        return now - min(shown) <= config.REAUTHENTICATION_LIFE


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request, as flows see it."""

    now: datetime
    keys: Keyring
    ip: str
    user_agent: str
    request_id: str
    visitor: SessionUser | None = None
    host: str = ""  # the address's host, for the last line of a text
    origin: str = ""  # scheme, host and port that the page was opened under: what a passkey is bound to
    texts: bool = True  # whether codes go out by text at all
    countries: tuple[str, ...] = ()  # where texts may go
    browser: str | None = None  # this browser's own token: says "seen before", proves nothing
    trusted: tuple[str, ...] = ()  # this browser's trust tokens, one a person
    trust_days: int = 0  # for how long the operator lets patients trust a browser

    @property
    def who(self) -> SessionUser:
        """The visitor of a page that is only reached signed in."""
        if self.visitor is None:
            raise LookupError("nobody is signed in")
        return self.visitor
