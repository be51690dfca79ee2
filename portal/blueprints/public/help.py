"""Help, and the public pages linked from header and footer."""

from flask import Blueprint, Response, abort, current_app, request, url_for

from portal.flows.account import security_page
from portal.forms.help import SearchForm
from portal.help import articles, pictures, search
from portal.language_help import read_notices
from portal.languages import SOURCE
from portal.methods import switched_on
from portal.names import list_key
from portal.policy import policy_of, policy_under
from portal.settings import config
from portal.web.browser_session import current_session, session_user
from portal.web.language import current_language
from portal.web.rendering import EHR_BRAND, page_brand, redirect_to, render_page

blueprint = Blueprint("help", __name__)


@blueprint.get("/help")
def centre() -> Response:
    """The articles that answer a question (`q`); without one, all of them by group, in the EHR those for providers first."""
    form = SearchForm(request.args)
    if typed := form.asked():
        found = search.search(typed, current_language(), offered())
        return render_page("public/help/centre.html", form=form, typed=typed, found=found, has_tickets=may_send_tickets())
    written = articles.list_articles(current_language(), offered())
    groups = [(title, [written[name] for name in names if name in written]) for title, names in articles.GROUPS]
    if page_brand() is EHR_BRAND:
        groups.sort(key=lambda group: group[0] != articles.PROVIDERS)
    return render_page("public/help/centre.html", form=form, groups=groups, has_tickets=may_send_tickets())


@blueprint.get("/help/<name>")
def article(name: str) -> Response:
    """One article; 404 if there is none, or if it is about something that isn't offered."""
    found = articles.list_articles(current_language(), offered()).get(name) or abort(404)
    body = pictures.with_pictures(found.body, found.language, current_session().scheme, static_file)
    return render_page("public/help/article.html", article=found, body=body)


def static_file(name: str) -> str:
    return url_for("static", filename=name)


def may_send_tickets() -> bool:
    """Whether the visitor has shown all that is due: also before set-up, but not while a reset leaves nothing open but that (rule 1)."""
    user = session_user()
    if user is None or user.owes_code or user.is_reset:
        return False
    return policy_of(user.role).may_trust_browsers or not user.is_trusted


def offered() -> articles.Offered:
    settings = current_app.extensions["settings"]
    rules = policy_under("provider", settings.provider_methods)
    may_add = any(each.additional and rules.allows(each) for each in switched_on())
    confirms = settings.confirm_new_browsers != config.CONFIRM_OFF
    return articles.Offered(settings.texts, settings.trusted_browser_days, settings.passkeys, may_add, confirms)


@blueprint.get("/help/contact")
def contact() -> Response:
    """Support's contact, for who is signed in. Others may be locked out: they get the page where a request begins."""
    user = session_user()
    if user is None or user.owes_code:
        return redirect_to("recovery.ask")
    return render_page("public/help/contact.html", has_tickets=may_send_tickets())


@blueprint.get("/find-a-provider")
def providers() -> Response:
    practices = sorted(security_page.list_practices(), key=lambda practice: list_key(practice.name, current_language()))
    return render_page("public/help/providers.html", practices=practices)


@blueprint.get("/community")
def community() -> Response:
    return render_page("public/help/community.html")


@blueprint.get("/accessibility")
def accessibility() -> Response:
    """The accessibility statement."""
    return render_page("public/help/accessibility.html")


@blueprint.get("/language-help")
def language_help() -> Response:
    """The notice of language help (45 CFR 92.11) in English and in the operator's languages, that of this page right after English."""
    offered, notices = current_app.extensions["settings"].language_help, read_notices()
    tags = sorted(offered.languages, key=lambda tag: tag != current_language())
    shown = [notices[tag] for tag in (SOURCE, *tags)]
    return render_page("public/help/language_help.html", tongues=shown, phone=offered.phone)


@blueprint.get("/privacy")
def privacy() -> Response:
    return render_page("public/help/privacy.html")
