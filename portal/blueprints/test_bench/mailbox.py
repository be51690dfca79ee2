"""The mailbox: every email of the outbox, found by its words, with its text, its HTML, its headers, and what its links answer."""

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, request
from werkzeug.test import Client

from portal.blueprints.test_bench.frame import blueprint
from portal.blueprints.test_bench.phones import bench_folder
from portal.blueprints.test_bench.twins import answer_json
from portal.flows.operator.bench import faults, mailbox
from portal.forms.test_bench import MailSearchForm
from portal.gateways.mail import build_email
from portal.web.browser_session import request_time
from portal.web.emails import compose_email, split_paragraphs, write_email
from portal.web.headers import CONTENT_POLICY
from portal.web.language import first_offered
from portal.web.rendering import render_page
from portal.words.marks import N_

STATES = {  # delivery state of a message: label, badge tone
    "waiting": (N_("Waiting"), "none"),
    "trying": (N_("Trying again"), "warn"),
    "sent": (N_("Sent"), "good"),
    "delivered": (N_("Delivered"), "good"),
    "held": (N_("Held back"), "bad"),
    "failed": (N_("Not sent"), "bad"),
}
LINK = re.compile(r"https?://[^\s<>\"]+")
TITLE = re.compile(r"<title>([^<]*)")
# An email's HTML has its styles in attributes. In a sandbox no script runs, nothing is loaded, and no form goes out.
HTML_POLICY = "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
FRAMING_POLICY = CONTENT_POLICY.replace("object-src", "frame-src 'self'; object-src")


def list_mails() -> list[dict[str, Any]]:
    """The newest emails."""
    keys = current_app.extensions["keys"]
    emails = mailbox.list_emails(keys, request_time(), mailbox.MAILBOX_SHOWN)
    return [describe_email(email) for email in faults.as_delivered(keys, bench_folder(), emails)]


def narrow(mails: list[dict[str, Any]], q: str, to: str) -> list[dict[str, Any]]:
    """Those to that address, or to anybody if it is "", that hold all of the words."""
    words = q.casefold().split()
    return [mail for mail in mails if to in ("", mail["to"]) and all(word in searched(mail) for word in words)]


def searched(mail: dict[str, Any]) -> str:
    """The words of an email that a search looks at."""
    return f"{mail['to']} {mail['subject']} {mail['text']}".casefold()


def describe_email(email: mailbox.SentEmail) -> dict[str, Any]:
    """An email as its recipient sees it; links are made relative, so they work under any host name."""
    wanted = email["language"], email["place_language"]
    subject, text = write_email(email["template"], email["facts"], email["links"], wanted, email["time_zone"])
    parts = split_paragraphs(text)
    for part in parts:
        part["path"] = urlsplit(part["link"]).path if part["link"] else None
    return {
        "id": email["id"],
        "to": email["to"],
        "subject": subject,
        "text": text,
        "parts": parts,
        "language": first_offered(*wanted),
        "at": email["at"],
        "state": email["state"],
    }


def find_mail(mail_id: str) -> dict[str, Any]:
    """One email with its `html`, its `headers`, and its `links`; 404 if there is none."""
    keys = current_app.extensions["keys"]
    listed = next(
        (email for email in mailbox.list_emails(keys, request_time(), mailbox.MAILBOX_SHOWN) if email["id"] == mail_id), None
    )
    message = mailbox.find_message(keys, mail_id, compose_email)
    if not (listed and message):
        abort(404)
    built = build_email(message, current_app.extensions["settings"].mail_from)
    headers = [(name, str(value)) for name, value in built.items()]
    return {
        **describe_email(listed),
        "html": message.html,
        "headers": headers,
        "links": list(dict.fromkeys(LINK.findall(message.text))),
    }


def check_links(links: list[str]) -> list[dict[str, Any]]:
    """What each link answers to who only looks, as a scanner of links does: `status` and `title`, None for other hosts.

    In a thread, so that these requests share nothing with this one.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # as Flask documents it
    with ThreadPoolExecutor(max_workers=1) as thread:
        return list(thread.map(lambda link: look_at(app, link), links))


def look_at(app: Flask, link: str) -> dict[str, Any]:
    """What one link answers."""
    base: str = app.extensions["settings"].base_url
    if not link.startswith(f"{base}/"):
        return {"link": link, "status": None, "title": ""}
    answer = Client(app).get(link.removeprefix(base), base_url=base, environ_overrides={"REMOTE_ADDR": "127.0.0.1"})
    title = TITLE.search(answer.text)
    return {
        "link": link,
        "status": answer.status_code,
        "title": unescape(title[1]).strip() if title else answer.headers.get("Location", ""),
    }


@blueprint.get("/mailbox", endpoint="mailbox")
def show_mailbox() -> Response:
    form, mails = MailSearchForm(request.args), list_mails()
    addresses = sorted({mail["to"] for mail in mails} - {""})
    found = narrow(mails, form.q.data or "", request.args.get("to", ""))
    return render_page("test_bench/mailbox.html", mails=found, form=form, addresses=addresses, states=STATES, asked=request.args)


@blueprint.get("/mailbox/<mail_id>")
def one_mail(mail_id: str) -> Response:
    """One email; with ?links=check, what its links answer."""
    mail = find_mail(mail_id)
    checked = check_links(mail["links"]) if request.args.get("links") == "check" else None
    response = render_page("test_bench/mail.html", mail=mail, checked=checked, states=STATES)
    response.headers["Content-Security-Policy"] = FRAMING_POLICY
    return response


@blueprint.get("/mailbox/<mail_id>/html")
def mail_html(mail_id: str) -> Response:
    """The HTML of an email as it is sent, for a frame."""
    response = Response(find_mail(mail_id)["html"], mimetype="text/html")
    response.headers["Content-Security-Policy"] = HTML_POLICY
    return response


@blueprint.get("/mailbox.json")
def mailbox_json() -> Response:
    return answer_json(narrow(list_mails(), request.args.get("q", ""), request.args.get("to", "")))


@blueprint.get("/mailbox/<mail_id>.json")
def one_mail_json(mail_id: str) -> Response:
    return answer_json(find_mail(mail_id))


@blueprint.get("/mailbox/<mail_id>/links.json")
def links_json(mail_id: str) -> Response:
    """What its links answer."""
    return answer_json(check_links(find_mail(mail_id)["links"]))
