"""Responses: pages, fragments, refusals, redirects. The only module that knows HTMX."""

from datetime import datetime
from math import ceil
from typing import Any, cast

from flask import Response, current_app, g, make_response, render_template, request, url_for
from markupsafe import Markup, escape
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from wtforms import Form, HiddenField, StringField

from portal.flows.account import new_browsers
from portal.flows.base.audit import record_event_alone
from portal.flows.base.context import SessionUser
from portal.flows.emergency import grants, waiting
from portal.flows.emergency.decide import KIND
from portal.flows.factors.shared_secrets import SecretShown
from portal.flows.recovery import stop
from portal.languages import load_catalogue, tie_particles
from portal.policy import PROVIDER, SUPPORT
from portal.web.browser_session import current_session, ended_session, request_context, request_time, safe_path, session_user
from portal.web.fallback import is_lacking, mark_english, settle_marks
from portal.web.language import current_language, current_locale
from portal.web.times import until_element
from portal.words import refusals
from portal.words.refusals import Refused, Unclear

PORTAL_BRAND = {"name": "Medximity", "key": "portal"}
EHR_BRAND = {"name": "DigitalPatientChart", "key": "ehr"}
AT_EHR, AT_SUPPORT = EHR_BRAND["key"], "support"  # values of `at` in the address of the sign-in page
HOMES = {
    "patient": "patient.home",
    "provider": "provider.charts",
    "administrator": "provider.charts",
    "support": "support.cases.queue",
}
SECURITY = {
    "patient": "patient",
    "provider": "provider",
    "administrator": "provider",
    "support": "support",
}  # each role's blueprint
DECIDES_AT = {"administrator": "provider.practice", "support": "support"}  # the blueprints of those who approve
NAMES = ("issuer", "who")  # facts of a refusal that nobody translates
NEW_BROWSERS = "new_browsers"  # the nested blueprint that asks about a sign-in itself
STOPPING = "stop_recovery"  # the blueprint whose pages say themselves what the alarm of a recovery says
PAGE_OF_DOWNLOAD = {"export": "show", "download": "backup_codes"}  # return to the page with the link, not to the file


def is_fragment() -> bool:
    """Whether HTMX sent the request and swaps the step only."""
    return request.headers.get("HX-Request") == "true"


def render_page(template: str, status: int = 200, **context: Any) -> Response:
    """A whole page, or its fragment for HTMX: one template serves both (product rule 15)."""
    layout = "layouts/fragment.html" if is_fragment() else "layouts/page.html"
    is_news = "X-Background" in request.headers  # the page polls to swap a part of itself
    urgent = None if is_news or status >= 500 else urgent_notice()
    alarm = None if is_news or status >= 500 or request.blueprint == STOPPING else stop.alarm(request_context())
    newcomer = None if is_news or status >= 500 else newcomer_notice()
    shown = {"is_news": is_news, "urgent": urgent, "alarm": alarm, "newcomer": newcomer}
    page = settle_marks(current_language(), render_template(template, layout=layout, **shown, **context))
    response = make_response(page, status)
    if status >= 400:
        response.headers["HX-Push-Url"] = "false"  # no history entry for a refused form
    return response


def urgent_notice() -> dict[str, Any] | None:
    """Who waits for emergency access that the visitor may decide on, and where; None if nobody does, or this page is where."""
    found = None if g.get("stopped") else waiting.what_waits(request_context())
    if found is None:
        return None
    seconds, pages = ceil((found.until - request_time()).total_seconds()), DECIDES_AT[request_context().user.role]
    listed, decide = f"{pages}.emergency_reviews.listed", f"{pages}.approvals.show"
    url = url_for(decide, kind=KIND, row_id=found.id) if found.count == 1 else url_for(listed)
    shown = {"who": found.who, "count": found.count, "seconds": seconds, "minutes": ceil(seconds / 60)}
    return {**shown, "url": url, "all_url": url_for(listed), "is_here": request.path == url}


def newcomer_notice() -> dict[str, Any] | None:
    """A sign-in of the visitor's in a new browser that waits for a yes, and where to answer; None on that page itself."""
    is_there = (request.blueprint or "").endswith(f".{NEW_BROWSERS}")
    found = None if is_there else new_browsers.newest_waiting(request_context())
    if found is None:
        return None
    url = url_for(f"{SECURITY[request_context().user.role]}.{NEW_BROWSERS}.ask", session_id=found.id)
    return {"browser": found.browser, "ip": found.ip, "at": found.at, "url": url}


def verbatim(value: object) -> Markup:
    """A value that a browser's translator leaves as it is, because people type it back or compare it with something elsewhere."""
    return Markup('<span translate="no">{}</span>').format(value)


def as_written(value: object) -> Markup:
    """What people wrote in a language that the portal doesn't know: a note, a reason, a result."""
    return Markup('<span lang="">{}</span>').format(value)


def refusal_sentence(refused: Refused) -> str:
    """The sentence for a refusal, in the person's language; the names in it as `verbatim` has them, a time as an element."""
    facts: dict[str, Any] = {**refused.facts, **{fact: verbatim(refused.facts[fact]) for fact in NAMES if fact in refused.facts}}
    if "when" in facts:
        facts["when"] = until_element(datetime.fromisoformat(str(facts["when"])))
    return refusals.sentence(Refused(refused.reason, **facts), translate, translate_plural, current_locale())


def translate(sentence: str, **facts: object) -> Markup:
    """The translated sentence with its facts filled in, escaped unless they are markup."""
    language = current_language()
    said = load_catalogue(language).gettext(sentence)
    return fill_in(tie_particles(said), facts, language if is_lacking(language, said, sentence) else None)


def translate_plural(one: str, many: str, number: int, **facts: object) -> Markup:
    """The same for a sentence with a count, which may name it `num`."""
    language = current_language()
    said = load_catalogue(language).ngettext(one, many, number)
    return fill_in(tie_particles(said), {"num": number, **facts}, language if is_lacking(language, said, one, many) else None)


def fill_in(sentence: str, facts: dict[str, object], lacking: str | None = None) -> Markup:
    """A sentence with its facts, all of it escaped but facts that are markup. `lacking`: the language in which English stands in."""
    found = escape(sentence) if lacking is None else mark_english(lacking, escape(sentence))
    return found % facts if facts else found


PAUSED = ("throttled", "throttled_code")  # the reasons that ask somebody who tried too often to wait


class Problems(list[tuple[str, str]]):
    """What a page's summary lists: the id of a field, or "", and the sentence. `is_short`: one line, because the field has the focus.

    `security_url`: where to get new codes.
    """

    is_short = False
    security_url = ""


def refuse_form(
    template: str, form: Form, refused: Refused | None = None, field: str = "", beside: str = "", focus: str = "", **context: Any
) -> Response:
    """The same page, status 422, with the problem beside its field and in the summary; `form` is () if the page has none.

    The only text field of a page takes the focus; on others the summary does. Input that can be read is no problem: there the page asks
    which reading is right. `beside`: the id of what shows the refusal and takes the focus instead of a field.
    `focus`: the field that takes it if one of several is wrong, because all of them come back empty.
    """
    problems = Problems()
    is_question = isinstance(refused, Unclear)
    for each in form:
        each.errors = [refusal_sentence(Refused(str(reason))) for reason in each.errors]
    if isinstance(refused, SecretShown):
        field = put_back(form, refused)
        problems.security_url = url_for(f"{SECURITY[request_context().user.role]}.security") if refused.is_own else ""
    if refused is not None:
        sentence = refusal_sentence(refused)
        if field:
            form[field].errors = [sentence]
            if isinstance(refused, Unclear):
                form[field].suggest(refused.suggestions)
        else:
            problems.append((beside, sentence))
            problems.is_short = bool(beside)
    problems += [(each.id, each.errors[0]) for each in form if each.errors]
    asked = [each for each in form if not isinstance(each, HiddenField)]
    if len(problems) == 1 and problems[0][0] and not (beside or is_question):
        first = form[focus] if focus else next(iter(asked), None)  # none: a script fills the only field
        if (focus or len(asked) == 1) and isinstance(first, StringField):
            first.takes_focus = problems.is_short = True
    response = render_page(template, 422, form=form, problems=problems, is_question=is_question, **context)
    if refused is not None and refused.reason in PAUSED:
        response.headers["Retry-After"] = str(
            refused.facts["wait"]
        )  # seconds, RFC 9110 10.2.3: see portal/server/told_to_wait.py
    return response


def put_back(form: Form, refused: SecretShown) -> str:
    """Leave in the fields what was typed without the secret; returns the name of the field that held one."""
    for name, rest in refused.rest.items():
        form[name].data = rest
    return refused.field


def redirect_to(endpoint: str, **values: Any) -> Response:
    """Redirect to another page, fetched with GET (303)."""
    return redirect_to_path(url_for(endpoint, **values))


def redirect_to_path(path: str) -> Response:
    """Without Flask's own page, which is in English whatever the person's language, and which no browser shows."""
    return Response(status=303, headers={"Location": path})


def send_to_sign_in() -> Response:
    """Redirect to the sign-in page of the side where the session ended, and back afterwards."""
    ended = ended_session()
    if ended:
        record_event_alone(request_context(), "session_use_after_expire", ended.reason, ended, ended.token_hash)
        grants.close_due_grants(request_context())
    next_path = page_to_return()
    at = sign_in_mark(ended.role if ended else None) if next_path is None else None  # an address tells its side itself
    return redirect_from_guard(url_for("sign_in.ask_password", next=next_path, at=at))


def signed_out(user: SessionUser | None) -> Response:
    """To the sign-in page of the person's side, without the cookie and what the browser kept of the pages."""
    current_session().end()
    response = redirect_to("sign_in.ask_password", out=1, at=sign_in_mark(user.role if user else None))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def sign_in_mark(role: str | None) -> str | None:
    """The value of `at` in the address of the sign-in page: the side of a role, or of this page if there is none; None for patients."""
    if role in SUPPORT.roles:
        return AT_SUPPORT
    brand = brand_of_role(role) if role else page_brand()
    return AT_EHR if brand is EHR_BRAND else None


def redirect_from_guard(target: str) -> Response:
    """A guard's redirect. HTMX must not swap the target into the step, so the whole browser goes there (HX-6)."""
    if is_fragment():
        response = make_response("", 401)
        response.headers["HX-Redirect"] = target
        return response
    return redirect_to_path(target)


def page_to_return() -> str | None:
    """The page to return to, with its query string."""
    if request.blueprint in ("sign_in", "emergency", "new_browser"):  # keep the page requested first
        return safe_path(request.args.get("next"))
    return this_page()


def this_page() -> str | None:
    """This address, with its query string, if it accepts GET, else None."""
    try:
        current_app.create_url_adapter(request).match(request.path, "GET")  # type: ignore[union-attr]  # a request is bound
    except (HTTPException, RequestRedirect):
        return None
    parent, _, name = request.endpoint.rpartition(".") if request.endpoint else ("", "", "")
    path = url_for(f"{parent}.{PAGE_OF_DOWNLOAD[name]}") if name in PAGE_OF_DOWNLOAD else request.path
    return safe_path(f"{path}?{request.query_string.decode(errors='replace')}".rstrip("?"))


def redirect_out_of_step(path: str) -> Response:
    """Redirect from a swapped step to another part of the site, whose frame differs."""
    if not is_fragment():
        return redirect_to_path(path)
    response = make_response("", 200)
    response.headers["HX-Redirect"] = path
    return response


def brand_of_role(role: str) -> dict[str, str]:
    return EHR_BRAND if role in PROVIDER.roles else PORTAL_BRAND


def page_brand() -> dict[str, str]:
    """The brand of this page: of its side; without one (help, the code page, a missing page) of its person's, or of its address."""
    user, brand = session_user(), cast(dict[str, str] | None, g.get("brand"))
    if brand is not None:
        return brand
    return brand_of_role(user.role) if user else EHR_BRAND if request.path.startswith("/ehr/") else PORTAL_BRAND


def home_url() -> str:
    """The home page of the person's side, or the sign-in page."""
    user = session_user()
    if user is None or user.is_claimant:
        return url_for("sign_in.ask_password", at=sign_in_mark(user.role if user else None))
    return url_for(home_endpoint(user.role))


def home_endpoint(role: str) -> str:
    """The endpoint of a role's home page."""
    return HOMES[role]


def renew_session(token: str) -> None:
    """Send a session's new token with this response."""
    current_session().renew(token)
