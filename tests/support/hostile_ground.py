"""Where hostile requests go: a portal with a visitor of each kind, what exists there, its pages' forms, and what is written."""

import contextlib
import re
from urllib.parse import urlsplit

from sqlalchemy import event
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from portal.flows.operator.bench import state
from portal.settings.serving import read_proxy_addresses
from portal.web.client_address import ClientAddress
from tests.house.test_every_route import table
from tests.support.client import Browser
from tests.support.hostile import Request, joined, named, read_names, without_line_ends
from tests.support.markup import parse
from tests.support.recovery import begin
from tests.support.roles import ROLES

ELSEWHERE = {"sign in", "code", "home", "set up", "wait", "403", "404"}  # in every_route.txt: where that visitor gets no page
BENCH = ("/test-bench", "/test-bench/people", "/test-bench/phones/sam", "/test-bench/mailbox", "/test-bench/scenarios")
READS = ("SELECT", "BEGIN", "PRAGMA", "SET", "WITH", "SAVEPOINT", "RELEASE", "ROLLBACK")
PART = re.compile(r"<(?:\w+:)?(\w+)>")
FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
ADDRESS = re.compile(r'(?:href|action)="(/[^"]*)"')


class Ground:
    """The portal of a Roles, by itself and behind a proxy that it trusts."""

    def __init__(self, roles, world):
        self.app, self.roles, self.world = roles.app, roles, world
        self.behind_proxy = ClientAddress(self.app.wsgi_app, 1, read_proxy_addresses({}))
        self.patients = [roles.people[name] for name in ("maria", "jun", "sam")]
        self.browsers = roles.browsers | {"recovering": Browser(self.app)}
        self.reference = begin(self.browsers["recovering"], "sam@example.test")
        self.browsers["administrator"].post("/forgot-password", {"email": "maria@example.test"})
        self.known = {}  # rule -> variable part -> what pages link to
        self.forms = {}  # (visitor, action) -> the fields of that form, and what is in them
        for path in BENCH:
            self.learn("stranger", path)
        self.written, self.begun = [], []
        self.listeners = [("before_cursor_execute", self.note), ("commit", self.commit), ("rollback", self.forget)]
        for name, listener in self.listeners:
            event.listen(self.app.extensions["engine"], name, listener)

    def close(self):
        """Listens no more."""
        for name, listener in self.listeners:
            event.remove(self.app.extensions["engine"], name, listener)

    # --- what is written

    def note(self, connection, cursor, statement, parameters, context, many):
        """Notes a statement that writes."""
        if not statement.lstrip().upper().startswith(READS):
            self.begun.append(statement)

    def commit(self, connection):
        """Notes that what was begun is written."""
        self.written += self.begun
        self.begun.clear()

    def forget(self, connection):
        """Notes that it is not."""
        self.begun.clear()

    def put_back(self):
        """Restores the rows, if one was written, and what the test bench remembers."""
        (self.world.site.folder / state.FILE).unlink(missing_ok=True)
        if self.written:
            self.world.rest()
            self.roles.put_back()
            self.written.clear()

    # --- where requests go

    def routes(self, everyone):
        """Returns (visitor, endpoint, method, rule): each route with one visitor who gets in, each time another, or with everybody."""
        found, cells = [], table()
        rules = sorted(
            (rule.endpoint, rule.rule, sorted(rule.methods)) for rule in self.app.url_map.iter_rules() if not rule.build_only
        )
        every = [(name, verb, rule) for name, rule, verbs in rules for verb in ("GET", "POST") if verb in verbs]
        for at, (name, verb, rule) in enumerate(every):
            inside = [role for role in ROLES if cells[name][role] not in ELSEWHERE] or [*ROLES]
            who = [*self.browsers] if everyone else [inside[at % len(inside)]]
            if name.startswith("recovery."):
                who = [*{*who, "recovering"}] if everyone else ["recovering"]
            found += [(each, name, verb, rule) for each in who]
        return found

    def samples(self, plan):
        """Returns what exists for the variable parts of a route."""
        blueprint = plan.endpoint.rpartition(".")[0]
        own = self.roles.samples.get(blueprint.partition(".")[0], self.roles.samples[""])
        if blueprint.endswith(".sessions"):
            own = {**own, "row_id": own["session_id"]}
        if blueprint == "recovery":
            own = {**own, "reference": self.reference}
        return own | self.known.get(plan.rule, {})

    def learn(self, who, path):
        """Reads the forms of a page, and what its links lead to."""
        cookies = {"Cookie": f"session={self.browsers[who].cookie()}"}
        answer = self.app.test_client(use_cookies=False).get(path, headers=cookies)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            return
        for text in FORM.findall(answer.text):  # alone, because reading whole pages takes ten times as long
            form = parse(text)[0].one("form")
            self.forms[who, urlsplit(form["action"]).path] = filled(form)
        if path in BENCH:
            for address in ADDRESS.findall(answer.text):
                self.keep_parts(urlsplit(address).path)

    def keep_parts(self, path):
        """Notes the variable parts of an address, for all routes that have it."""
        adapter = self.app.url_map.bind("127.0.0.1")
        for verb in ("GET", "POST"):
            with contextlib.suppress(HTTPException, RequestRedirect):
                rule, parts = adapter.match(path, verb, return_rule=True)
                self.known[rule.rule] = parts

    def fields(self, plan):
        """Returns the fields of the form that a route takes, from the page at its address, and what is in them."""
        own = self.samples(plan)
        action = PART.sub(lambda found: str(own[found[1]]), plan.rule)
        if (plan.who, action) not in self.forms:
            self.forms[plan.who, action] = {}
            self.learn(plan.who, action)
        return self.forms[plan.who, action]

    # --- requests

    def request(self, plan):
        """Returns the Request that a plan means here."""
        has_session, has_token, has_values, is_direct = plan.is_own
        cookies = [f"session={self.browsers[plan.who].cookie()}".encode()] * has_session
        cookies += [name.encode() + b"=" + self.value(value) for name, value in plan.cookies]
        headers = [(name, without_line_ends(value)) for name, value in plan.headers if name != "Cookie"]
        made = Request(
            plan.method or plan.verb, self.path(plan), joined(named(plan.query, read_names(of_query=True))), headers, cookies
        )
        if plan.verb == "POST":
            token = self.token(plan.who if has_token else self.next_to(plan.who))
            made.body = self.form(plan, token, has_values)
            if plan.body:
                made.content_type, made.body = plan.body
                headers.append(("X-CSRFToken", token.encode()))
        is_alone = not any(isinstance(value, int) or name == "session" for name, value in plan.cookies)
        made.facts = {"is_direct": is_direct, "is_alone": is_alone, "may_write": (has_session and has_token) or not is_alone}
        return made

    def path(self, plan):
        """Returns the address, its variable parts filled."""
        own, parts = self.samples(plan), iter(plan.parts)

        def fill(found):
            exists, junk = next(parts)
            return (str(own[found[1]]).encode() if exists else junk).decode("latin-1")

        return PART.sub(fill, plan.rule).encode("latin-1")

    def form(self, plan, token, has_values):
        """Returns the body of a form: what a browser would send, with junk in place of some of it."""
        own = {name: value for name, value in self.fields(plan).items() if name != "csrf_token"}
        junk = named(plan.fields, [*own] * 4 + [*read_names(of_query=False)])  # mostly with names that the page's own form has
        replaced = {name for name, _, _ in junk[:2]}  # the others are sent twice
        sent = {name: value for name, value in own.items() if has_values and name not in replaced}
        return joined(
            [("csrf_token", token.encode(), True), *((name, value.encode(), True) for name, value in sent.items()), *junk]
        )

    def value(self, value):
        """Returns a cookie's value: junk, or somebody's session."""
        everybody = [*self.browsers.values()]
        return (everybody[value % len(everybody)].cookie() or "").encode() if isinstance(value, int) else without_line_ends(value)

    def token(self, who):
        """Returns the CSRF token of a visitor's session."""
        return self.browsers[who].token

    def next_to(self, who):
        """Returns another visitor."""
        everybody = [*self.browsers]
        return everybody[everybody.index(who) - 1]

    def send(self, request):
        """Sends it; returns the Response, and what was written."""
        mark = len(self.written)
        answer = request.send(self.app if request.facts["is_direct"] else self.behind_proxy)
        return answer, self.written[mark:]


def filled(form):
    """Returns the fields of a form with what is in them; of several with one name, and of choices, the last."""
    sent = {field["name"]: field["value"] or "" for field in form.all("input") if "name" in field}
    for field in form.all("select"):
        sent[field["name"]] = next((option["value"] or "" for option in reversed(field.all("option"))), "")
    return sent | {field["name"]: field.raw_text for field in form.all("textarea")}
