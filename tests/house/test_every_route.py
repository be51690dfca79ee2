"""Every route asked by every kind of visitor, by both methods, with and without htmx: what is answered stands in every_route.txt.

That table is written by hand. What a form of ours changes is put back before the next one is asked; forms go with the token of
their page and are empty otherwise.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from werkzeug.exceptions import MethodNotAllowed

from tests.support.client import AGENT
from tests.support.roles import ROLES, Roles

TABLE = Path(__file__).with_name("every_route.txt")
GUISES = ({}, {"HX-Request": "true", "HX-Target": "step"})
LINE = re.compile(r"([\w. ]+?)  +(.+)")
WORDS = {200: "in"}
DOORS = {"patient": ("/home", "/account"), "support": ("/support", "/support")}  # first page, and what the other pages are below
EHR = ("/ehr/charts", "/ehr/settings")
GUARDED = {"side": "sign in", "security": "set up"}  # where a guard leads to, and htmx with the whole browser


def table():
    """Returns endpoint -> role -> word. A line with fewer words than roles says one for all."""
    lines = [line for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    rows = [LINE.fullmatch(line).groups() for line in lines]
    assert len({name for name, _ in rows}) == len(rows)
    return {name: dict(zip(ROLES, spread(re.split(r"  +", words.strip())), strict=True)) for name, words in rows}


def spread(words):
    return words * len(ROLES) if len(words) == 1 else words


def routes(app):
    return [rule for rule in app.url_map.iter_rules() if not rule.build_only]  # the static files, which WhiteNoise serves


def addresses(app, samples):
    """Returns every address, each variable part filled with what is really there."""
    found = {}
    for rule in routes(app):
        own = samples.get(rule.endpoint.partition(".")[0], samples[""])
        own = {**own, "row_id": own["session_id"]} if ".presence." in rule.endpoint else own
        found[re.sub(r"<(?:\w+:)?(\w+)>", lambda match, own=own: str(own[match[1]]), rule.rule)] = None
    return list(found)


def name_of(adapter, address, method):
    """Returns the row of the table: the endpoint, or the one for a method that there is not."""
    try:
        return adapter.match(address, method)[0]
    except MethodNotAllowed:
        return "no method ehr" if address.startswith("/ehr/") else "no method"


def place(path, role):
    """Returns in one word where an answer leads; the path itself where that is behind another side."""
    home, root = DOORS.get(role.split()[0], EHR)
    words = {"": "", "/sign-in": "side", "/sign-in/code": "code", home: "home", f"{root}/security": "security"}
    return words.get(path, "on" if path.startswith(f"{root}/") or path == root else path)


def word(plain, htmx):
    """Returns the table's word for two answers, or both where they do not belong together."""
    (status, to), (status_htmx, to_htmx) = plain, htmx
    if to == to_htmx and (status, status_htmx) in ((303, 303), (303, 200)):
        return to
    if to == to_htmx and (status, status_htmx) == (303, 401):
        return GUARDED.get(to, f"guarded {to}")
    return WORDS.get(status, str(status)) if plain == htmx and not to else f"{plain} {htmx}"


class Sweep:
    """Asks as one visitor."""

    def __init__(self, app, browser, role):
        self.client, self.role = app.test_client(use_cookies=False), role
        self.headers = {"User-Agent": AGENT, "Cookie": f"session={browser.cookie()}"}
        self.form = {"csrf_token": browser.token}

    def ask(self, method, address, guise):
        """Returns the status and where the answer leads."""
        data = self.form if method == "POST" else None
        answer = self.client.open(address, method=method, data=data, headers=self.headers | guise)
        path = urlsplit(answer.headers.get("Location") or answer.headers.get("HX-Redirect") or "").path
        return answer.status_code, place(path, self.role)

    def may_have_changed(self, method, status):
        """Whether rows must be put back: a form was not refused."""
        return method == "POST" and status < 400


@pytest.fixture
def roles(world, database, clock, sites):
    """Everybody, signed in, on rows that can be put back."""
    made = Roles(world, database, clock)
    made.keep(sites, world.site)
    yield made
    made.kept.close()


@pytest.mark.parametrize("role", ROLES)
def test_the_answer_is_the_tables(app, roles, role):
    expected, adapter, wrong = table(), app.url_map.bind("127.0.0.1"), []
    sweep = Sweep(app, roles.browsers[role], role)
    for address in addresses(app, roles.samples):
        for method in ("GET", "POST"):
            answers = []
            for guise in GUISES:
                answers.append(sweep.ask(method, address, guise))
                if sweep.may_have_changed(method, answers[-1][0]):
                    roles.put_back()
            name = name_of(adapter, address, method)
            told = word(*answers)
            if told != expected[name][role]:
                wrong.append(f"{method} {address} ({name}): {told}, not {expected[name][role]}")
    assert wrong == []


def test_no_route_is_missing_and_none_is_there_that_is_gone(app):
    names = {rule.endpoint for rule in routes(app)} | {"no method", "no method ehr"}
    assert set(table()) == names
