"""One person in Security Status, and what the list says about them."""

from dataclasses import dataclass, field
from datetime import datetime

from portal import clock
from portal.methods import method, switched_on
from portal.policy import Policy
from portal.settings import config


def allowed_methods(policy: Policy) -> tuple[str, ...]:
    """The names of the methods that open the EHR."""
    return tuple(each.name for each in switched_on() if policy.allows(each))


@dataclass(frozen=True, slots=True)
class Member:
    """An account as its administrator sees it: how it is protected, and no secret."""

    now: datetime
    allowed: tuple[str, ...]  # the names of the methods that open the EHR
    id: int
    full_name: str
    role: str
    two_factor: str
    two_factor_since: datetime | None
    last_sign_in_at: datetime | None
    codes_paused_until: datetime | None  # in browsers that are new to the account
    reminded_at: datetime | None
    codes_left: int | None  # in the live set of backup codes; None if there is no set
    saved_at: datetime | None
    sealed_copy_given_at: datetime | None
    method_names: str | None  # of the methods that are set up, separated by commas
    working: int  # authenticators that open the EHR in any browser
    working_somewhere: int  # the same, and those that strangers' wrong codes blocked in new browsers
    on_hold: int  # authenticators whose phone was reported as lost
    name_key: bytes = field(repr=False)

    @property
    def is_on(self) -> bool:
        return self.two_factor == "on"

    @property
    def methods(self) -> list[str]:
        """The methods' labels, untranslated."""
        known = (method(name) for name in sorted(set((self.method_names or "").split(","))))
        return [each.label for each in known if each] if self.is_on else []

    @property
    def lacks_app(self) -> bool:
        """On, but without a method that opens the EHR: the person was a patient before."""
        return self.is_on and not any(name in self.allowed for name in (self.method_names or "").split(","))

    @property
    def is_paused(self) -> bool:
        """Whether codes are paused after too many wrong ones (RL-2)."""
        return clock.is_ahead(self.codes_paused_until, self.now, config.PAUSES[-1])

    @property
    def is_stopped(self) -> bool:
        """Whether a hundred wrong codes disabled every authenticator (RL-1)."""
        return self.is_blocked and not self.working_somewhere

    @property
    def is_blocked(self) -> bool:
        """Whether a hundred wrong codes disabled every authenticator at least in new browsers."""
        return self.is_on and not self.working and not self.lacks_app

    @property
    def is_at_risk(self) -> bool:
        """Whether a lost phone would lock the person out: no second app, and no backup code that is known to be saved.

        Codes that nobody has confirmed do not count: they may be on no paper at all.
        """
        are_saved = self.saved_at is not None or self.sealed_copy_given_at is not None
        return self.is_on and self.working < 2 and not (self.codes_left and are_saved)

    @property
    def was_reminded(self) -> bool:
        """Whether the last reminder is too recent for another one."""
        rests = config.REMINDER_RESTS
        return self.reminded_at is not None and self.now - rests < self.reminded_at <= clock.latest_end(self.now, rests)

    @property
    def may_be_reminded(self) -> bool:
        return not self.is_on and not self.was_reminded
