"""Authorization rules for two-factor authentication: who may use which method, must use one, or may turn it off. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol


class HasRestriction(Protocol):
    """The part of a verification method that a policy looks at."""

    @property
    def name(self) -> str: ...

    @property
    def restricted(self) -> bool: ...

    @property
    def additional(self) -> bool: ...


@dataclass(frozen=True)
class Policy:
    """The rules of one side. They refer to a method's properties, such as `restricted` (NIST's term for codes by telephone)."""

    roles: frozenset[str]
    issuer: str  # the name that the authenticator app shows (TO-7)
    accepts_restricted: bool
    accepts_additional: bool  # whether people may use a method that the help article doesn't have
    must_use: bool
    may_turn_off: bool
    may_trust_browsers: bool  # whether a trusted browser may replace the code at sign-in (TB-1)
    may_confirm_browsers: bool  # whether people may choose that a code alone is not enough in a new browser (decision 43)
    hands_over_copy: bool = False  # whether the practice administrator keeps a sealed sheet of backup codes (C-6)
    asks_practice: bool = False  # whether people may choose an additional method only where their practice has added it
    methods: frozenset[str] | None = None  # the names of those that the operator lets them use; None: of all

    def allows(self, method: HasRestriction) -> bool:
        """Whether people on this side may use the method, once they have it."""
        is_accepted = (self.accepts_restricted or not method.restricted) and (self.accepts_additional or not method.additional)
        return is_accepted and (self.methods is None or method.name in self.methods)

    def offers(self, method: HasRestriction, added: Collection[str] = ()) -> bool:
        """Whether people on this side may choose the method now. `added`: the names of those that their practice has added."""
        return self.allows(method) and (not method.additional or not self.asks_practice or method.name in added)

    def without_restricted(self) -> "Policy":
        """The same rules with restricted methods switched off (SM-6)."""
        return replace(self, accepts_restricted=False)

    def limited_to(self, names: Collection[str] | None) -> "Policy":
        """The same rules with the operator's list of methods for people at practices; None: there is no list."""
        return replace(self, methods=frozenset(names)) if self.asks_practice and names is not None else self


PATIENT = Policy(
    frozenset({"patient"}), "Medximity",
    accepts_restricted=True, accepts_additional=True, must_use=False, may_turn_off=True, may_trust_browsers=True, may_confirm_browsers=True,
)  # fmt: skip
PROVIDER = Policy(
    frozenset({"provider", "administrator"}), "DigitalPatientChart",
    accepts_restricted=False, accepts_additional=True, must_use=True, may_turn_off=False, may_trust_browsers=False,
    may_confirm_browsers=False, hands_over_copy=True, asks_practice=True,
)  # fmt: skip
SUPPORT = Policy(
    frozenset({"support"}), "Medximity",
    accepts_restricted=False, accepts_additional=False, must_use=True, may_turn_off=False, may_trust_browsers=False,
    may_confirm_browsers=False,
)  # fmt: skip
# The roles whose two-factor authentication a role may reset: never a higher one (AD-2).
RESETS = {
    "administrator": frozenset({"provider", "administrator"}),
    "support": frozenset({"patient", "provider", "administrator"}),
}
POLICIES = (PATIENT, PROVIDER, SUPPORT)


def policy_of(role: str) -> Policy:
    """The policy for a role. Raises KeyError for one without a policy, which may access nothing."""
    for policy in POLICIES:
        if role in policy.roles:
            return policy
    raise KeyError(role)


@cache
def policy_under(role: str, provider_methods: tuple[str, ...] | None) -> Policy:
    """The same under the operator's list of methods for providers."""
    return policy_of(role).limited_to(provider_methods)


def may_reset(role: str, other: str) -> bool:
    """Whether people with one role may reset the two-factor authentication of people with the other."""
    return other in RESETS.get(role, ())
