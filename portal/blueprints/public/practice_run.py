"""The practice run in Help, for everybody: connect an app to a key that opens nothing, and see what goes wrong as it looks in truth."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from flask_babel import gettext as _

from portal import clock
from portal.blueprints.shared.pauses import PAUSE, emphasize_wait
from portal.flows.factors import practice_run as flow
from portal.flows.factors.wrong_answers import HINTS_AT_SET_UP, HINTS_AT_SIGN_IN, Pause
from portal.forms.codes import AnswerForm, CodeForm
from portal.web.browser_session import current_session, request_context, request_time, session_user
from portal.web.rendering import page_brand, redirect_to, refusal_sentence, refuse_form, render_page
from portal.words.practice_run import EXAMPLES, Example
from portal.words.refusals import Refused

HINTS_HERE = HINTS_AT_SIGN_IN[:-1]  # the last asks for a backup code, which nobody should type here

blueprint = Blueprint("practice_run", __name__, url_prefix="/help/practice-run")


def open_run() -> flow.Run:
    """This browser's run; 404 if there is nothing to practice."""
    issuer = _("%(brand)s practice run", brand=page_brand()["name"])
    return flow.open_run(request_context(), current_session().token, issuer, _("delete when done")) or abort(404)


def pause_of(refused: Refused | None) -> dict[str, Any]:
    """The template's variables for what stands in the field's place after many wrong codes."""
    if refused is None or refused.reason != "throttled":
        return {"pause": None, "again": request.path}
    seconds = int(refused.facts["wait"])
    until = clock.next_minute(request_time() + timedelta(seconds=seconds))
    return {"pause": Pause(seconds, until, 0, True), "pause_sentence": emphasize_wait(refused), "again": request.path}


def answer_page(template: str, form: AnswerForm, refused: Refused | None = None, **context: Any) -> Response:
    """The page with the field; status 422 with `refused` or form errors."""
    context |= pause_of(refused)
    if context["pause"]:
        return refuse_form(template, type(form)(), refused, beside=PAUSE, **context)
    if refused or form.errors:
        return refuse_form(template, form, refused, form.question if refused else "", **context)
    return render_page(template, form=form, **context)


@blueprint.get("")
def begin() -> Response:
    """What the run is, and what it isn't."""
    open_run()
    return render_page("public/practice_run/begin.html")


# --- connect an app, on the page of the real set-up


def connect_page(form: AnswerForm, refused: Refused | None = None) -> Response:
    run = open_run()
    step, context = run.method.steps[-1], {"is_practice": True, "action": url_for(".connect"), "button": _("Check code")}
    shown = step.show(run.secret, request_time())
    return answer_page(f"methods/{run.method.name}/{step.name}.html", form, refused, **shown, **context)


@blueprint.get("/connect")
def connect() -> Response:
    return connect_page(CodeForm())


@blueprint.post("/connect")
def submit_connect() -> Response:
    form = CodeForm(request.form)
    try:
        if form.validate():
            flow.try_answer(request_context(), open_run(), form.answer, HINTS_AT_SET_UP)
            return redirect_to(".sign_in")
    except Refused as refused:
        return connect_page(form, refused)
    return connect_page(form)


# --- sign in with it


def sign_in_page(form: AnswerForm, refused: Refused | None = None) -> Response:
    run = open_run()
    shown = run.method.challenge.show(run.secret, request_time())
    return answer_page("public/practice_run/sign_in.html", form, refused, **question_of(run, shown))


def question_of(run: flow.Run, shown: dict[str, Any]) -> dict[str, Any]:
    """What the method's own part of the code page needs."""
    return {"ask": f"methods/{run.method.name}/_ask.html", "issuer": run.secret.issuer, "option": {"shown": shown}}


@blueprint.get("/sign-in")
def sign_in() -> Response:
    return sign_in_page(CodeForm())


@blueprint.post("/sign-in")
def submit_sign_in() -> Response:
    form = CodeForm(request.form)
    try:
        if form.validate():
            flow.try_answer(request_context(), open_run(), form.answer, HINTS_HERE)
            return redirect_to(".done")
    except Refused as refused:
        return sign_in_page(form, refused)
    return sign_in_page(form)


@blueprint.get("/done")
def done() -> Response:
    """How to take the entry out of the app, and what comes next."""
    user = session_user()
    return render_page("public/practice_run/done.html", issuer=open_run().secret.issuer, is_on=bool(user and user.is_on))


# --- what can go wrong, as it looks in truth


@blueprint.get("/what-goes-wrong")
def examples() -> Response:
    open_run()
    return render_page("public/practice_run/examples.html", examples=EXAMPLES)


@blueprint.get("/what-goes-wrong/<example>")
def example(example: str) -> Response:
    """One refusal, drawn by the parts of the real page; 404 if there is none of that name."""
    found = EXAMPLES.get(example) or abort(404)
    names = list(EXAMPLES)
    following = names[(names.index(example) + 1) % len(names)]
    context = {"example": found, "following": following, "examples": EXAMPLES, **refusal_of(found), **pause_of(found.refused)}
    return render_page("public/practice_run/example.html", **context)


def refusal_of(example: Example) -> dict[str, Any]:
    """The form as that refusal leaves it, its summary, and the sentences of the tries after it."""
    run, form = open_run(), CodeForm()
    form.code.errors = [refusal_sentence(example.refused)] if example.refused else []
    again = [refusal_sentence(Refused(reason, issuer=run.secret.issuer)) for reason in example.again]
    shown = run.method.challenge.show(run.secret, request_time())
    late = {"seconds_left": example.seconds} if example.seconds else {}
    return {"form": form, "said_again": again, **question_of(run, {**shown, **late})}
