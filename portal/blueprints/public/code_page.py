"""What the code page and "Can't access your code?" show to a claimant."""

from typing import Any

from flask import request, url_for

from portal.blueprints.shared.pauses import pause_context
from portal.blueprints.shared.questions import question_context
from portal.flows.account import security_page
from portal.flows.base import throttle
from portal.flows.base.context import LEVEL_WAITING
from portal.flows.factors import backup_codes, holdings
from portal.flows.factors.challenges import challenge_options, explain_blocked, explain_switched_off
from portal.flows.sessions import trusted_browsers
from portal.flows.sign_in import sign_in as flow
from portal.policy import policy_of
from portal.web.browser_session import request_context, session_user
from portal.web.rendering import refusal_sentence

ON_HOLD = ("on_hold", "on_hold_all")  # why no code is compared, if the phone, or whatever else they have, was reported as lost


def issuer() -> str:
    """The issuer that the person's authenticator app shows."""
    return policy_of(request_context().user.role).issuer


def code_context() -> dict[str, Any]:
    user = session_user()
    shown = challenge_options(request_context()) if user else []
    missing = explain_switched_off(request_context(), bool(shown)) if user else None
    limit = flow.limit_reached(shown)
    asked = question_context(shown)
    return {
        "username": user.username if user else "",
        "issuer": issuer(),
        **asked,
        "switched_off": refusal_sentence(missing) if missing else None,
        **explain_no_codes(bool(shown)),
        "limit": refusal_sentence(limit) if limit else None,
        "send_url": url_for("sign_in.send_code"),
        "is_waiting": bool(user and user.level == LEVEL_WAITING),
        "here": url_for("sign_in.ask_code"),
        **trust_context(),
        **pause_context(code_pause(asked["waits"]), url_for("sign_in.ask_code"), with_codes=True),
    }


def code_pause(waits: bool) -> int:
    """Seconds of the pause that keeps the page from taking codes."""
    return throttle.pause_left(request_context()) if waits and session_user() else 0


def backup_context() -> dict[str, Any]:
    """The template's variables of the page for a backup code."""
    user = session_user()
    seconds = throttle.backup_pause_left(request_context()) if user else 0
    has_keys = user is not None and holdings.has_keys(user.user_id)
    shown = {**trust_context(), "has_keys": has_keys, "is_unconfirmed": user is not None and user.is_unconfirmed}
    return {**shown, **pause_context(seconds, url_for("sign_in.ask_backup_code"))}


def explain_no_codes(shown: bool = False) -> dict[str, Any]:
    """Why no code from the person's phone works here, if that is so, and whether the phone is lost. `shown`: some do."""
    refused = None if shown or session_user() is None else explain_blocked(request_context())
    return {
        "blocked": refusal_sentence(refused) if refused else None,
        "is_lost": refused is not None and refused.reason in ON_HOLD,
        "has_keys": refused is not None and refused.reason == ON_HOLD[-1],
    }


def trust_context() -> dict[str, Any]:
    """The checkbox to trust this browser: for how many days (0: no checkbox), and whether it was checked."""
    user = session_user()
    return {
        "trust_days": trusted_browsers.trust_days(request_context(), user.role) if user else 0,
        "trust_ticked": "trust" in request.form,
    }


def help_context() -> dict[str, Any]:
    """The ways in that this account has, and who can help: for providers their practice administrators first, by name if there are any."""
    policy, options = policy_of(request_context().user.role), challenge_options(request_context())
    codes = backup_codes.codes_overview(request_context())
    return {
        "issuer": issuer(),
        **explain_no_codes(shown=bool(options)),
        "left": codes.left if codes else 0,
        "senders": [option for option in options if option.sends],
        "apps": [option for option in options if not option.sends and not option.form],
        "keys": [option for option in options if option.form],
        "has_keys": holdings.has_keys(request_context().user.user_id),
        "is_provider": policy.hands_over_copy,
        "administrators": security_page.administrator_names(request_context()) if policy.hands_over_copy else [],
    }
