"""The pages that every side nests: set-up, authenticators, "Confirm it's you", backup codes, new browsers, sessions, and Profile."""

from flask import Blueprint

from portal.blueprints import wizard
from portal.blueprints.account import authenticators, backup_codes, confirm, new_browsers, profile, sessions
from portal.policy import Policy


def nest(side: Blueprint, security: str, *, can_end: tuple[str, ...], policy: Policy, profile_prefix: str | None = None) -> None:
    """Register the shared pages in a side's blueprint, whose guard then covers them.

    `security` is the address of the side's Security page, `can_end` the kinds of `portal/flows/account/activity.py`
    that people can end there, and `policy` says what they may choose. Without `profile_prefix` the side has no Profile page.
    """
    side.register_blueprint(wizard.blueprint, url_prefix=f"{security}/two-factor")
    side.register_blueprint(authenticators.blueprint, url_prefix=f"{security}/authenticators")
    side.register_blueprint(confirm.blueprint, url_prefix=f"{security}/confirm")
    side.register_blueprint(backup_codes.blueprint, url_prefix=f"{security}/backup-codes")
    side.register_blueprint(new_browsers.make_blueprint(policy.may_confirm_browsers), url_prefix=f"{security}/new-browsers")
    side.register_blueprint(sessions.make_blueprint(*can_end), url_prefix=security)
    if profile_prefix is not None:
        side.register_blueprint(profile.blueprint, url_prefix=profile_prefix)
