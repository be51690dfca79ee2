"""What needs the code of the commit that is measured: it makes people in the database, and counts statements. Prints JSON."""

import json
import sys

from flask import Flask
from sqlalchemy import event

from bench import journeys
from bench.client import Answer
from bench.people import Person, make_people
from portal import create_app, passwords

# Whether two-factor authentication is on, and the level of the session, if there is one.
KINDS = {
    "sign_in": (True, None),
    "security": (True, "aal1"),
    "set_up": (False, "aal1"),
    "qr": (False, "aal1"),
    "code": (True, "claimant"),
}
NOT_ASKING = ("BEGIN", "PRAGMA")


class Inside:
    """Stands for a connection, and hands requests to the app in this process."""

    def __init__(self, app: Flask) -> None:
        self.client, self.port = app.test_client(use_cookies=False), app.extensions["settings"].base_url.rpartition(":")[2]

    def ask(self, request: bytes) -> Answer:
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, path, _ = first.split()
        answer = self.client.open(path, method=method, headers=[line.split(": ", 1) for line in lines], data=body)
        shown = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
        return Answer(answer.status_code, f"HTTP/1.1 {answer.status}\r\n{shown}", answer.data)


def make(app: Flask, kinds: dict[str, int]) -> dict[str, list[Person]]:
    """People of these kinds, so many of each."""
    stored = passwords.hash_password(journeys.PASSWORD)
    return {kind: make_people(app, count, stored, *KINDS[kind]) for kind, count in kinds.items()}


def count(app: Flask) -> dict[str, int]:
    """How many statements each step asks."""
    asked: list[str] = []
    event.listen(app.extensions["engine"], "before_cursor_execute", lambda *each: asked.append(each[2]))
    people, found = make(app, dict.fromkeys(KINDS, 1)), {}
    for kind, (person,) in people.items():
        person.browser.connection = Inside(app)
        asked.clear()
        journeys.of(kind, person)(person.browser)
        found[kind] = len([each for each in asked if not each.startswith(NOT_ASKING)])
    return found


def main(what: str, *words: str) -> None:
    """`people` makes some, `statements` counts."""
    app = create_app()
    if what == "statements":
        print(json.dumps(count(app)))
        return
    made = make(app, json.loads(words[0]))
    shown = {kind: [{**vars(each), "browser": vars(each.browser)} for each in people] for kind, people in made.items()}
    print(json.dumps(shown))


if __name__ == "__main__":
    main(*sys.argv[1:])
