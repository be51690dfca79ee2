"""Who may use which method, who must, who may turn it off. Pure."""

from dataclasses import dataclass, replace
from typing import Protocol


class HasRestriction(Protocol):
    """A verification method, as far as a policy looks at it."""

    @property
    def restricted(self) -> bool: ...


@dataclass(frozen=True)
class Policy:
    """The rules of one side. They go by property: a method says whether it is `restricted` (NIST's word for telephone codes)."""

    roles: frozenset[str]
    issuer: str  # what the authenticator app shows (TO-7)
    accepts_restricted: bool
    must_use: bool
    may_turn_off: bool
    may_trust_browsers: bool  # whether a browser may stand in for the code at sign-in (TB-1)
    hands_over_copy: bool = False  # whether the practice administrator keeps a sealed sheet of backup codes (C-6)

    def allows(self, method: HasRestriction) -> bool:
        """Whether people behind this side may choose the method."""
        return self.accepts_restricted or not method.restricted

    def without_restricted(self) -> "Policy":
        """The same rules while codes by telephone are switched off (SM-6)."""
        return replace(self, accepts_restricted=False)


PATIENT = Policy(
    frozenset({"patient"}), "Medximity",
    accepts_restricted=True, must_use=False, may_turn_off=True, may_trust_browsers=True,
)  # fmt: skip
PROVIDER = Policy(
    frozenset({"provider", "administrator"}), "DigitalPatientChart",
    accepts_restricted=False, must_use=True, may_turn_off=False, may_trust_browsers=False, hands_over_copy=True,
)  # fmt: skip
SUPPORT = Policy(
    frozenset({"support"}), "Medximity",
    accepts_restricted=False, must_use=True, may_turn_off=False, may_trust_browsers=False,
)  # fmt: skip
# Whose two-factor authentication a role may reset: not that of a higher one (AD-2).
RESETS = {
    "administrator": frozenset({"provider", "administrator"}),
    "support": frozenset({"patient", "provider", "administrator"}),
}
POLICIES = (PATIENT, PROVIDER, SUPPORT)


def policy_of(role: str) -> Policy:
    """The policy for a role. KeyError: a role without a policy reaches nothing."""
    for policy in POLICIES:
        if role in policy.roles:
            return policy
    raise KeyError(role)


def may_reset(role: str, other: str) -> bool:
    """Whether people of a role may reset the two-factor authentication of people of another."""
    return other in RESETS.get(role, ())
