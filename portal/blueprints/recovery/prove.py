"""The second proof, one question a page (RC-1), and the pages of a request that waits or is ready."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Response, request
from wtforms import Form

from portal import send_limits
from portal.blueprints.recovery.ask import of
from portal.blueprints.recovery.frame import MORE_FOR, blueprint, page_of, refuse_ticket, with_case
from portal.blueprints.shared.pauses import SEND
from portal.blueprints.shared.sides import side_of
from portal.flows.base.recovery_cases import PROVING
from portal.flows.practice.administrators import list_administrators
from portal.flows.recovery import own_case, proofs, stop, waiting
from portal.forms.codes import BackupCodeForm, CodeForm
from portal.forms.recovery import MailedCodeForm
from portal.forms.sign_in import PasswordForm
from portal.models import RecoveryCase, RecoveryTicket
from portal.settings import config
from portal.web.browser_session import request_context, session_user
from portal.web.rendering import redirect_to, refuse_form, render_page
from portal.words.refusals import Refused

TEMPLATE = "recovery/case.html"
WAIT_HOURS = config.RECOVERY_WAIT // timedelta(hours=1)
CaseView = Callable[[RecoveryTicket, RecoveryCase], Response]


def proving_context(ticket: RecoveryTicket, case: RecoveryCase) -> dict[str, Any]:
    """What the first question needs, and the list of all ways."""
    user = own_case.read_own_case(request_context(), ticket)[1]
    ways = proofs.ways(request_context(), ticket)
    administrators = [each.full_name for each in list_administrators(user.practice_id, user.id)] if ways.is_staff else []
    shown = {"ways": ways, "administrators": administrators, "username": user.username, "hours": WAIT_HOURS}
    return {**shown, "form": PasswordForm()}


def waiting_context(ticket: RecoveryTicket, case: RecoveryCase) -> dict[str, Any]:
    return {"hours": WAIT_HOURS}


def ready_context(ticket: RecoveryTicket, case: RecoveryCase) -> dict[str, Any]:
    """The way on, in the session that the link began."""
    user = session_user()
    side = side_of(user.role) if user and user.user_id == case.user_id and user.is_reset else None
    return {"set_up_url": side.url("setup.choose") if side else None}


MORE_FOR["ready"] = ready_context
MORE_FOR["proving"] = proving_context
MORE_FOR["waiting"] = waiting_context


def while_proving(view: CaseView) -> Callable[[str], Response]:
    """For a page that asks for a proof. If the case has moved on, it shows where it stands."""

    @with_case
    def shown(ticket: RecoveryTicket, case: RecoveryCase) -> Response:
        return view(ticket, case) if case.state == PROVING else redirect_to("recovery.show", **of(ticket))

    shown.__name__ = view.__name__
    return shown


def question(
    ticket: RecoveryTicket, part: str, form: Form, refused: Refused | None = None, field: str = "", **more: Any
) -> Response:
    """The page of one question; status 422 if something is wrong with its form. If the case has moved on, it shows where it stands."""
    if refused and refused.reason == "recovery_moved":
        return redirect_to("recovery.show", **of(ticket))
    context = part_context(ticket, part, **more)
    if refused is None and not form.errors:
        return render_page(TEMPLATE, form=form, **context)
    if refused and refused.reason == "recovery_way":  # the page names what is left
        return refuse_form(TEMPLATE, (), refused, **{**context, "part": "ways"})
    return refuse_form(TEMPLATE, form, refused, field, **context)


def part_context(ticket: RecoveryTicket, part: str, **more: Any) -> dict[str, Any]:
    """The variables of the request's page with another part, whose form the caller has."""
    shown = page_of(ticket)[1]
    return {**{name: value for name, value in shown.items() if name != "form"}, "part": part, **more}


@blueprint.get("/recovery/<reference>/ways")
@while_proving
def ways(ticket: RecoveryTicket, case: RecoveryCase) -> Response:
    """Every proof that the account can show."""
    return question(ticket, "ways", PasswordForm())


# --- the password


@blueprint.get("/recovery/<reference>/password")
@while_proving
def ask_password(ticket: RecoveryTicket, case: RecoveryCase) -> Response:
    return question(ticket, "proving", PasswordForm())


@blueprint.post("/recovery/<reference>/password")
@while_proving
def give_password(ticket: RecoveryTicket, case: RecoveryCase) -> Response:
    form = PasswordForm(request.form)
    if not form.validate():
        return question(ticket, "proving", form)
    try:
        proofs.give_password(request_context(), ticket, form.password.data)
    except Refused as refused:
        return question(ticket, "proving", form, refused, "password")
    return redirect_to("recovery.show", **of(ticket))


# --- a code by text


def text_page(ticket: RecoveryTicket, form: CodeForm, refused: Refused | None = None, field: str = "code") -> Response:
    """The page of a texted code: its field once a text was sent, and the button for one."""
    try:
        text = proofs.describe_text(request_context(), ticket)
    except Refused as moved:
        return question(ticket, "ways", form, moved)
    if text is None:
        return question(ticket, "ways", form, Refused("recovery_way"))
    shown = {"text": text, "send_id": SEND, "has_field": text.sent and not text.over}
    if refused and send_limits.is_wait(refused):
        wait = send_limits.Wait(int(refused.facts["wait"]), refused.reason, request_context().now)
        return refuse_form(TEMPLATE, CodeForm(), refused, beside=SEND, **part_context(ticket, "text", **shown, wait=wait))
    if (refused or form.errors) and not shown["has_field"]:  # the last wrong code ended it
        reason = refused or Refused(str(next(iter(form.errors.values()))[0]))
        return refuse_form(TEMPLATE, CodeForm(), reason, beside=SEND, **part_context(ticket, "text", **shown, wait=text.wait))
    return question(ticket, "text", form, refused, field, **shown, wait=text.wait)


@blueprint.get("/recovery/<reference>/text")
@while_proving
def ask_text(ticket: RecoveryTicket, case: RecoveryCase) -> Response:
    return text_page(ticket, CodeForm())


@blueprint.post("/recovery/<reference>/text")
@while_proving
def give_text(ticket: RecoveryTicket, case: RecoveryCase) -> Response:
    form = CodeForm(request.form)
    if not form.validate():
        return text_page(ticket, form)
    try:
        proofs.give_text(request_context(), ticket, form.code.data)
    except Refused as refused:
        return text_page(ticket, form, refused)
    return redirect_to("recovery.show", **of(ticket))


@blueprint.post("/recovery/<reference>/text/send")
@while_proving
def send_text(ticket: RecoveryTicket, case: RecoveryCase) -> Response:
    """ "Text me a code", and "Send again"."""
    try:
        proofs.send_text(request_context(), ticket)
    except Refused as refused:
        return text_page(ticket, CodeForm(), refused)
    return redirect_to("recovery.ask_text", **of(ticket))


# --- a backup code


@blueprint.get("/recovery/<reference>/backup-code")
@while_proving
def ask_backup_code(ticket: RecoveryTicket, case: RecoveryCase) -> Response:
    return question(ticket, "backup_code", BackupCodeForm())


@blueprint.post("/recovery/<reference>/backup-code")
@while_proving
def give_backup_code(ticket: RecoveryTicket, case: RecoveryCase) -> Response:
    form = BackupCodeForm(request.form)
    if not form.validate():
        return question(ticket, "backup_code", form)
    try:
        proofs.give_backup_code(request_context(), ticket, form.code.data)
    except Refused as refused:
        return question(ticket, "backup_code", form, refused, "code")
    return redirect_to("recovery.show", **of(ticket))


# --- the link, and the end


@blueprint.post("/recovery/<reference>/link")
@with_case
def mail_link(ticket: RecoveryTicket, case: RecoveryCase) -> Response:
    """ "Email me the link again"."""
    try:
        waiting.mail_link_again(request_context(), ticket)
    except Refused as refused:
        return refuse_ticket(ticket, MailedCodeForm(), refused)
    return redirect_to("recovery.show", sent=1, **of(ticket))


@blueprint.post("/recovery/<reference>/cancel")
@with_case
def cancel(ticket: RecoveryTicket, case: RecoveryCase) -> Response:
    """ "Cancel this request"."""
    stop.cancel(request_context(), ticket)
    return redirect_to("recovery.show", **of(ticket))
