"""What stands on every answer: policies, a type with its character set, and nothing about the software (HD-1 to HD-4)."""

import pytest

from tests.support.client import CODES
from tests.support.see import POLICY

OTHER = "https://evil.example"
ALIKE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGE, PLAIN = "text/html; charset=utf-8", "text/plain; charset=utf-8"
# What is asked -> the status and the type of the answer.
ANSWERS = {
    ("GET", "/home"): (200, PAGE),
    ("GET", "/help?q=%3Cscript%3E"): (200, PAGE),
    ("GET", "/"): (303, PAGE),
    ("GET", f"{CODES}/download"): (200, PLAIN),
    ("GET", "/session"): (200, "application/json"),
    ("GET", "/no-such-page"): (404, PAGE),
    ("GET", "/ehr/%00"): (404, PAGE),
    ("PUT", "/home"): (405, PAGE),
    ("TRACE", "/home"): (405, PAGE),
    ("TRACK", "/home"): (405, PAGE),
    ("POST", "/sign-out"): (403, PAGE),  # without the token
    ("POST", "/reports/content-policy"): (400, PAGE),
}
FILES = {
    "portal.css": 'text/css; charset="utf-8"',
    "scripts.js": 'text/javascript; charset="utf-8"',
    "icons/mark.svg": "image/svg+xml",
    "fonts/atkinson-letters.woff2": "font/woff2",
}


def look(headers):
    """Checks what is alike on every answer."""
    assert {name: headers.get(name) for name in ALIKE} == ALIKE and "Permissions-Policy" in headers
    assert [
        name for name, _ in headers.items() if name.lower().startswith(("access-control-", "server", "x-powered-by", "x-aspnet"))
    ] == []


@pytest.mark.parametrize(("asked", "told"), ANSWERS.items(), ids=str)
def test_every_kind_of_answer_has_them(plain, maria, asked, told):
    plain.enter(maria).set_up(maria)
    method, path = asked
    answer = plain.client.open(path, method=method, headers={"Origin": OTHER} if method == "GET" else {})
    assert (answer.status_code, answer.headers["Content-Type"]) == told
    look(answer.headers)
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_has_them_and_may_load_nothing(plain, path):
    answer = plain.client.get(path, headers={"Origin": OTHER})
    assert answer.headers["Content-Type"] == PLAIN or path == "/readyz"
    look(answer.headers)
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.once("no file comes from the database")
@pytest.mark.parametrize(("name", "kind"), FILES.items())
def test_every_file_has_them_and_its_type(plain, name, kind):
    answer = plain.client.get(f"/static/{name}", headers={"Origin": OTHER}, buffered=True)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
    look(answer.headers)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.once("no file comes from the database")
@pytest.mark.parametrize(
    "path", ["", "icons", "icons/", "../crypto.py", "..%2fcrypto.py", ".git/config", "/etc/passwd", "portal.css%00"]
)
def test_no_folder_is_listed_and_no_other_file_is_served(plain, path):
    answer = plain.client.get(f"/static/{path}", buffered=True)
    assert answer.status_code == 404 and "Keyring" not in answer.text and "root:" not in answer.text
