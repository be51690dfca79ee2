"""All phones, texts, and emails at a glance, and the gallery. Registered only if the test bench is on."""

from flask import Response, current_app

from portal.blueprints.test_bench.frame import blueprint
from portal.blueprints.test_bench.mailbox import STATES, describe_email
from portal.blueprints.test_bench.phones import ENTRY_STATES, bench_folder
from portal.flows.operator.bench import faults, mailbox, phone
from portal.web.browser_session import request_context, request_time
from portal.web.rendering import render_page


@blueprint.get("", endpoint="phone")
def show_phones() -> Response:
    keys, folder = current_app.extensions["keys"], bench_folder()
    texts, emails = mailbox.list_texts(keys, request_time()), mailbox.list_emails(keys, request_time())
    return render_page(
        "test_bench/phones.html",
        phones=phone.list_phones(request_context(), folder),
        texts=faults.as_delivered(keys, folder, texts),
        mails=[describe_email(email) for email in faults.as_delivered(keys, folder, emails)],
        states=STATES,
        entry_states=ENTRY_STATES,
    )


@blueprint.get("/gallery")
def gallery() -> Response:
    """Each part of a page once."""
    return render_page("test_bench/gallery.html")
