"""The application factory, create_app(): wires the parts together."""

from portal import unswept  # first: so that imports are quick

# isort: split
from portal import zones  # next: before any library reads the operating system's time zones

# isort: split
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request
from flask_wtf import CSRFProtect
from jinja2 import ChoiceLoader

from portal import clock, methods, passwords, queue, request_id
from portal.blueprints import recovery
from portal.blueprints.ehr import provider
from portal.blueprints.emergency import ask, wall
from portal.blueprints.machine import reports
from portal.blueprints.patient import pages as patient_pages
from portal.blueprints.public import (
    appearance,
    email_links,
    help,
    lost_phone,
    new_browser,
    not_me,
    practice_run,
    sign_in,
    tickets,
)
from portal.blueprints.public import language as public_language
from portal.blueprints.recovery import stop
from portal.blueprints.support import console
from portal.cli import register_commands
from portal.crypto import Keyring
from portal.db import db
from portal.settings import config
from portal.settings.addresses import SettingError, unusable_file
from portal.settings.environment import Settings, load_settings
from portal.watch.probes import Probes
from portal.watch.readiness import Readiness
from portal.watch.requests import ROUTE, Requests
from portal.web import errors, headers, language, rendering, static_files, template_context
from portal.web.application import Application
from portal.web.browser_session import CookieSessions, touch_session
from portal.web.client_address import ClientAddress
from portal.web.csrf_token import csrf_token
from portal.web.late_sign_outs import LateSignOuts
from portal.web.method_templates import MethodTemplates
from portal.web.signed_in import Visitors

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def create_app(settings: Settings | None = None) -> Flask:
    """Build the portal, ready to serve. Raises SettingError if a setting is invalid."""
    settings = settings or load_settings()
    prepare_instance(settings)
    app = Application(__name__, instance_path=str(settings.instance), static_folder=None)
    app.extensions["settings"] = settings
    app.extensions["keys"] = Keyring(settings.encryption_keys)
    passwords.look_into(settings.breached_passwords)
    methods.switch_on(name for setting, name in config.ADDITIONAL_METHODS.items() if getattr(settings, setting))
    configure(app, settings)
    add_extensions(app, settings)
    add_guards(app)
    add_pages(app, settings)
    errors.register_error_pages(app)
    register_commands(app)
    logging.getLogger(__name__).info("time zones: tzdata %s", zones.data_version())
    return app


def prepare_instance(settings: Settings) -> None:
    """Make the instance folder, for its owner alone. Raises SettingError if it can't be used and holds keys or the database."""
    try:
        settings.instance.mkdir(parents=True, exist_ok=True)
        settings.instance.chmod(0o700)
    except OSError as error:
        if settings.needs_instance:
            raise unusable_file("PORTAL_INSTANCE", error, settings.instance) from error


def configure(app: Flask, settings: Settings) -> None:
    """Derive Flask's configuration from the portal's settings."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        ALEMBIC={"script_location": str(Path(__file__).parent / "migrations")},
        MAX_CONTENT_LENGTH=config.MAX_FORM_BYTES,
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the session (CF-1)
        WTF_CSRF_SSL_STRICT=False,  # web/headers.py checks Origin instead; the referrer policy sends none across sites
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.session_interface = CookieSessions()


def watch(app: Flask, settings: Settings) -> Probes:
    """The app with a line in the log for each request, behind probes; with metrics only if somebody may read them."""
    readiness, inside = Readiness(app), trace(app, settings)
    if not settings.observers:
        return Probes(Requests(inside), readiness.failure, ())
    from portal.watch.metrics import Metrics, count_request

    metrics = Metrics(app, readiness)
    return Probes(Requests(inside, count_request), readiness.failure, settings.observers, metrics.text)


def trace(app: Flask, settings: Settings) -> "WSGIApplication":
    """The app with a span for each request; as it is, if nobody takes traces. Raises SettingError without the extra."""
    if not settings.traces_url:
        return app.wsgi_app
    try:
        from portal.watch.traces import Traces
    except ModuleNotFoundError as error:
        raise SettingError(f"PORTAL_TRACES_URL needs {error.name}. Install the extra otel, or unset it.") from error
    return Traces(app, settings.traces_url).around(app.wsgi_app)


def add_extensions(app: Flask, settings: Settings) -> None:
    db.init_app(app, settings.database_url, settings.database_connections, settings.database_pooler)
    queue.init_app(app, settings)
    app.extensions["late_sign_outs"] = LateSignOuts(app)
    language.init_app(app)
    template_context.install_translations(app.jinja_env)
    app.jinja_env.loader = ChoiceLoader([app.jinja_env.loader or MethodTemplates(), MethodTemplates()])
    login = Visitors(app, add_context_processor=False)
    login.unauthorized_handler(rendering.send_to_sign_in)
    app.wsgi_app = ClientAddress(watch(app, settings), settings.trusted_proxies, settings.proxy_addresses)  # type: ignore[method-assign]  # as Flask documents it


def note_request() -> None:
    """Take down the number of the request for flows, and its route for the log."""
    g.request_id = request.environ.get(request_id.ENVIRON) or request_id.new_id()
    request.environ[ROUTE] = request.url_rule and request.url_rule.rule


def record_activity() -> None:
    is_background = "X-Background" in request.headers or request.endpoint in (None, "sign_in.time_left", "static")
    if not is_background:  # a page that polls is not activity by the person (SE-1)
        touch_session()


# What runs before every request, in this order; the CSRF token is checked in between.
BEFORE_CSRF = (
    note_request,
    headers.refuse_other_hosts,
    headers.require_https,
    errors.turn_away,
    headers.refuse_nul,
    headers.refuse_cross_site,
)
AFTER_CSRF = (wall.refuse_outside_emergency, new_browser.refuse_unconfirmed, record_activity)


def ask_in_turn(*guards: Callable[[], Response | None]) -> Callable[[], Response | None]:
    """One before_request of several guards: the answer of the first that has one."""

    def ask() -> Response | None:
        for guard in guards:
            answer = guard()
            if answer is not None:
                return answer
        return None

    return ask


def add_guards(app: Flask) -> None:
    """Register the guards of every request, and what is added to every response and template."""
    app.before_request(ask_in_turn(*BEFORE_CSRF))
    CSRFProtect(app).exempt(reports.blueprint)
    app.jinja_env.globals["csrf_token"] = csrf_token  # in place of Flask-WTF's own
    app.before_request(ask_in_turn(*AFTER_CSRF))
    app.after_request(headers.add_headers)
    app.context_processor(template_context.template_context)


def add_pages(app: Flask, settings: Settings) -> None:
    """Register the blueprints and static files; the test bench only if it is switched on."""
    app.register_blueprint(sign_in.blueprint)
    app.register_blueprint(new_browser.blueprint)
    app.register_blueprint(ask.blueprint)
    app.register_blueprint(recovery.blueprint)
    app.register_blueprint(email_links.blueprint)
    app.register_blueprint(lost_phone.blueprint)
    app.register_blueprint(patient_pages.blueprint)
    app.register_blueprint(provider.blueprint)
    app.register_blueprint(console.blueprint)
    app.register_blueprint(not_me.blueprint)
    app.register_blueprint(stop.blueprint)
    app.register_blueprint(help.blueprint)
    app.register_blueprint(practice_run.blueprint)
    app.register_blueprint(tickets.blueprint)
    app.register_blueprint(appearance.blueprint)
    app.register_blueprint(public_language.blueprint)
    app.register_blueprint(reports.blueprint)
    if settings.test_bench:
        from portal.blueprints.test_bench import whole
        from portal.flows.operator.bench.portal_clock import Ahead

        clock.ahead_by = Ahead(app.extensions["keys"], settings.instance)
        whole.init_app(app)
        logging.getLogger(__name__).warning("the test bench is on: it shows codes to everyone on this machine")
    static_files.serve_static_files(app, settings)


unswept.sweep()
