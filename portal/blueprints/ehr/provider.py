"""The EHR: charts, and Settings with Account Security and Profile. Locked until set-up is complete."""

from typing import Any

from flask import Blueprint, Response, abort, g, request

from portal.answers import CODE
from portal.blueprints.account import backup_codes as codes_pages
from portal.blueprints.account import profile
from portal.blueprints.account.nest import nest
from portal.blueprints.ehr import practice
from portal.blueprints.shared.flash import finished_context, make_mark, read_flash, read_mark
from portal.blueprints.shared.guards import guard_side
from portal.blueprints.shared.sides import PROVIDER_SIDE, current_side
from portal.flows.account import browsers, security_page
from portal.flows.approvals import kinds
from portal.flows.base.audit import record_event_alone
from portal.flows.base.visits import Visit
from portal.flows.emergency import read
from portal.flows.factors import backup_codes
from portal.flows.factors.shared_secrets import refuse_secrets
from portal.flows.practice import charts as flow
from portal.flows.practice import deadline
from portal.forms.practice import NoteForm
from portal.methods import offered
from portal.settings import config
from portal.web.browser_session import request_context, session_user
from portal.web.headers import SAFE_METHODS
from portal.web.rendering import redirect_from_guard, redirect_to_path, refuse_form, render_page
from portal.web.rendering import translate as _
from portal.words.refusals import N_, Refused

PAGE_MAX = 10_000
ANY_WAY = N_("You can open charts once more than a password protects your account. It takes about three minutes.")
OTHER_WAY = N_("To open charts, set up a way that the EHR accepts. It replaces what you use now.")

blueprint = Blueprint("provider", __name__, url_prefix="/ehr")
guard = guard_side(PROVIDER_SIDE)
blueprint.before_request(guard)
nest(
    blueprint, "/settings/security", can_end=(browsers.SESSIONS,), policy=PROVIDER_SIDE.policy, profile_prefix="/settings/profile"
)
blueprint.register_blueprint(practice.blueprint, url_prefix="/settings/team")


@blueprint.before_app_request
def guard_unknown_paths() -> Response | None:
    """Guard addresses and methods under /ehr/ that have no route: they, too, redirect to set-up until it is complete (TO-11).

    None of our pages posts a form to one, so a POST is recorded.
    """
    user = session_user() if request.endpoint is None and request.path.startswith("/ehr/") else None
    if user is None or user.owes_code or user.role not in PROVIDER_SIDE.policy.roles:
        return None
    redirect = guard()
    if redirect is None and request.method not in SAFE_METHODS:
        record_event_alone(request_context(), "authz_fail", "no_such_form")
    return redirect


# --- charts


@blueprint.get("/charts")
def charts() -> Response:
    codes = None if request_context().user.is_emergency else backup_codes.codes_overview(request_context())
    if codes is not None and codes.left == 0:  # C-8: with no codes left, losing the phone locks the person out
        return redirect_to_path(current_side().url("codes.regenerate"))
    reminder, url = (set_up_reminder(), set_up_url()) if g.stopped else codes_pages.codes_reminder(codes)
    is_end = read_mark()[0] == "on"
    number = request.args.get("page", 1, type=int)
    shown = flow.list_charts(request_context(), number if 1 <= number <= PAGE_MAX else 1)
    return render_page(
        "ehr/charts.html",
        shown=shown,
        notice=read_flash(on=request_context().user.is_on),
        codes=codes if is_end else None,
        keys=security_page.own_keys(request_context()) if is_end else [],
        reminder=reminder,
        reminder_url=url,
    )


def own_chart(chart_id: int) -> tuple[flow.ShownChart, Visit | None]:
    """The practice's chart with this id, and its next visit; 404 if there is none."""
    return (flow.find_chart(request_context(), chart_id) if chart_id <= config.ROW_ID_MAX else None) or abort(404)


@blueprint.get("/charts/<int:chart_id>")
def chart(chart_id: int) -> Response:
    found, visit = own_chart(chart_id)
    if request_context().user.is_emergency:
        read.note_chart_opened(request_context(), g.grant.id, found.id)
    return render_page(
        "ehr/chart.html",
        form=NoteForm(),
        notice=read_flash(on=request_context().user.is_on),
        **chart_context(found, visit),
    )


def chart_context(found: flow.ShownChart, visit: Visit | None) -> dict[str, Any]:
    """The template's variables: the chart, its next visit, its notes."""
    return {"chart": found, "visit": visit, "notes": flow.list_notes(found)}


@blueprint.post("/charts/<int:chart_id>")
def submit_note(chart_id: int) -> Response:
    found, visit = own_chart(chart_id)
    form = NoteForm(request.form)
    if not form.validate():
        return refuse_form("ehr/chart.html", form, **chart_context(found, visit))
    try:
        refuse_secrets(request_context(), {"note": form.note.data})
    except Refused as refused:
        return refuse_form("ehr/chart.html", form, refused, **chart_context(found, visit))
    flow.write_note(request_context(), found.id, form.note.data)
    return redirect_to_path(current_side().url("chart", chart_id=found.id, done=make_mark("noted")))


# --- Settings


@blueprint.get("/settings")
def settings() -> Response:
    is_administrator = practice.administers_practice(request_context().user) and not g.stopped
    waiting = len(kinds.list_requests(request_context())) if is_administrator else 0
    return render_page("ehr/settings.html", is_administrator=is_administrator, is_on=not g.stopped, waiting=waiting)


@blueprint.get("/settings/security")
def security() -> Response:
    if g.stopped:
        context: dict[str, Any] = {"set_up_url": set_up_url(), "why": _(set_up_reason()), "is_on": request_context().user.is_on}
        return render_page(
            "ehr/set_up.html",
            grace=None if deadline.may_pass_without_setup(request_context()) else deadline.grace(request_context()),
            **context,
        )
    shown = security_page.security_page(request_context())
    notice = read_flash(on=request_context().user.is_on, saved=shown["backup"] is not None and shown["backup"].saved)
    return render_page("ehr/security.html", notice=notice, **finished_context(), places_shown=config.PLACES_SHOWN, **shown)


@blueprint.get("/settings/profile", endpoint="account")
def profile_page() -> Response:
    return profile.overview("ehr/profile.html")


@blueprint.post("/settings/security/later")
def submit_put_off() -> Response:
    """ "Later": postpone set-up until the next sign-in, if the practice's grace allows it, and go on to the requested page."""
    if not g.stopped or deadline.put_off_setup(request_context()):
        return redirect_to_path(g.get("next_path") or current_side().url(current_side().home))
    return redirect_from_guard(current_side().url("security", next=g.next_path))


def set_up_reminder() -> str:
    """The reminder above the charts for a person who postponed set-up."""
    return _("Two-factor authentication is off. Your practice asks you to set it up.")


def set_up_url() -> str:
    """The wizard's address; it replaces the live authenticator if that one isn't accepted here."""
    old = security_page.own_authenticators(request_context())[0].id if request_context().user.is_on else None
    return current_side().url("setup.choose", change=old, next=g.get("next_path"))


def set_up_reason() -> str:
    """Why set-up comes first; in other words where the practice offers more than an app."""
    is_on, offers = request_context().user.is_on, offered(current_side().policy, request_context().user.added)
    if any(each.asks_for != CODE for each in offers):
        return OTHER_WAY if is_on else ANY_WAY
    if is_on:
        return N_("To open charts, you need codes from an authenticator app. Set one up to replace what you use now.")
    return N_("You can open charts once a code from your phone protects your account. It takes about three minutes.")


@blueprint.post("/settings/security/sealed-copy")
def submit_sealed_copy() -> Response:
    if "sealed_copy" in request.form:
        backup_codes.hand_over_sealed_copy(request_context())
    return redirect_to_path(current_side().url("security", done=make_mark("copy") if "sealed_copy" in request.form else None))
