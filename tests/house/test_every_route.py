"""Requests every route as every role, with and without htmx. every_route.txt holds the expected answers.

That table is maintained by hand. Rows that a form changes are restored before the next request. Forms are submitted with their page's
CSRF token and no other field. A method that a URL does not have is refused before any page's own code, and asked once in a blueprint.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from werkzeug.exceptions import MethodNotAllowed

from tests.browser import test_every_page
from tests.support.all_scenes import ALL_SCENES
from tests.support.client import AGENT
from tests.support.roles import ROLES, Roles

TABLE = Path(__file__).with_name("every_route.txt")
GUISES = ({}, {"HX-Request": "true", "HX-Target": "step"})
LINE = re.compile(r"([\w. ]+?)  +(.+)")
WORDS = {200: "in"}
DOORS = {"patient": ("/home", "/account"), "support": ("/support", "/support")}  # first page, and the prefix of the other pages
EHR = ("/ehr/charts", "/ehr/settings")
GUARDED = {"side": "sign in", "security": "set up"}  # where a guard redirects, htmx by a full page load


def table():
    """Returns endpoint -> role -> answer. A line with one answer applies to all roles."""
    lines = [line for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    rows = [LINE.fullmatch(line).groups() for line in lines]
    assert len({name for name, _ in rows}) == len(rows)
    return {name: dict(zip(ROLES, spread(re.split(r"  +", words.strip())), strict=True)) for name, words in rows}


def spread(words):
    return words * len(ROLES) if len(words) == 1 else words


def routes(app):
    return [rule for rule in app.url_map.iter_rules() if not rule.build_only]  # except static files, which WhiteNoise serves


def addresses(app, samples):
    """Returns URL -> blueprint of every route, with variable parts filled from existing rows."""
    found = {}
    for rule in routes(app):
        blueprint = rule.endpoint.rpartition(".")[0]
        own = samples.get(blueprint.partition(".")[0], samples[""])
        own = {**own, "row_id": own["session_id"]} if blueprint.endswith(".sessions") else own
        found[re.sub(r"<(?:\w+:)?(\w+)>", lambda match, own=own: str(own[match[1]]), rule.rule)] = blueprint
    return found


def questions(app, samples):
    """Returns (method, URL, row of the table): each route, and in each blueprint the first URL that doesn't have a method."""
    adapter, refused = app.url_map.bind("127.0.0.1"), set()
    asked = [(method, *each) for each in addresses(app, samples).items() for method in ("GET", "POST")]
    for method, address, blueprint in asked:
        name = name_of(adapter, address, method)
        if not name.startswith("no method") or (method, name, blueprint) not in refused:
            yield method, address, name
        refused.add((method, name, blueprint))


def name_of(adapter, address, method):
    """Returns the row of the table: the endpoint, or the row for a method that is not allowed."""
    try:
        return adapter.match(address, method)[0]
    except MethodNotAllowed:
        return "no method ehr" if address.startswith("/ehr/") else "no method"


def place(path, role):
    """Returns in one word where an answer leads, or the path itself if it belongs to another side."""
    home, root = DOORS.get(role.split()[0], EHR)
    words = {
        "": "",
        "/sign-in": "side",
        "/sign-in/code": "code",
        "/sign-in/new-browser": "wait",
        home: "home",
        f"{root}/security": "security",
    }
    return words.get(path, "on" if path.startswith(f"{root}/") or path == root else path)


def word(plain, htmx):
    """Returns the table's word for two answers, or both if they disagree."""
    (status, to), (status_htmx, to_htmx) = plain, htmx
    if to == to_htmx and (status, status_htmx) in ((303, 303), (303, 200)):
        return to
    if to == to_htmx and (status, status_htmx) == (303, 401):
        return GUARDED.get(to, f"guarded {to}")
    return WORDS.get(status, str(status)) if plain == htmx and not to else f"{plain} {htmx}"


class Sweep:
    """Sends requests as one role."""

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
        """Whether rows must be restored, because a form was accepted."""
        return method == "POST" and status < 400


@pytest.fixture(scope="module")
def signed_in():
    """What the first test has made of the roles, for the others."""
    made = []
    yield made
    for each in made:
        each.kept.close()


@pytest.fixture
def roles(world, database, clock, sites, signed_in):
    """One signed-in browser per role, on a database that can be restored."""
    if signed_in:
        signed_in[0].put_back()
    else:
        signed_in.append(Roles(world, database, clock))
        signed_in[0].keep(sites, world.site)
    return signed_in[0]


@pytest.mark.parametrize("role", ROLES)
def test_the_answer_is_the_tables(app, roles, role):
    expected, wrong = table(), []
    sweep = Sweep(app, roles.browsers[role], role)
    for method, address, name in questions(app, roles.samples):
        answers = []
        for guise in GUISES:
            answers.append(sweep.ask(method, address, guise))
            if sweep.may_have_changed(method, answers[-1][0]):
                roles.put_back()
        told = word(*answers)
        if told != expected[name][role]:
            wrong.append(f"{method} {address} ({name}): {told}, not {expected[name][role]}")
    assert wrong == []


def test_no_route_is_missing_and_none_is_there_that_is_gone(app):
    names = {rule.endpoint for rule in routes(app)} | {"no method", "no method ehr"}
    assert set(table()) == names


def test_every_page_is_looked_at_in_a_browser_or_it_says_why_not(app):
    looked_at = test_every_page.looked_at()
    assert set(looked_at) == {rule.endpoint for rule in routes(app) if "GET" in rule.methods}
    walks = {who for who in looked_at.values() if not who.startswith("(")}
    assert walks <= {*ALL_SCENES, *dir(test_every_page)}
