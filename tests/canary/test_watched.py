"""What operation sees tells no secret and no person: /metrics, what it counts into, and the log as it is by default (AU-3, AU-5)."""

import re
from pathlib import Path

import pytest

from tests.canary.test_no_secret_stays import TYPED, everything, walk
from tests.support import canary, moments
from tests.support.outbox import until
from tests.support.server import running_server
from tests.support.watched import READ, samples
from tests.support.wire import Wire

PEOPLE = ("maria", "Maria", "example.test", "5035550", "127.0.0.1", "Firefox")


@pytest.mark.long
def test_metrics_the_log_and_traces_hold_no_secret_and_no_person(site, collector):
    given = READ | {"PORTAL_WORKER": "1", "PORTAL_TRACES_URL": collector.url}
    with running_server(site, workers=2, **given) as portal:
        folder = counted_in(portal)
        entry, codes, tokens, typed = walk(portal, moments.quiet())
        Wire(portal).get(f"/not-me/{TYPED}?code={typed[0]}")
        Wire(portal).get(f"/{TYPED}/{entry.secret}")
        answers = [Wire(portal).get(path).text for path in ("/metrics", "/readyz", "/healthz")]
        counted = [file.read_bytes() for file in sorted(folder.glob("*.db"))]
        assert until(lambda: "mail, try 1: kept" in portal.log.read_text())
        portal.stop()
        assert until(lambda: any(span.name == "deliver mail" for span in collector.spans()))
        log = portal.log.read_text()
    sent = b"".join(collector.bodies)
    assert {"POST /sign-in/code", "GET /not-me/<token>", "transaction"} < {span.name for span in collector.spans()}
    assert '"route": "/sign-in/code"' in log and len(counted) > 2
    assert not folder.exists() or portal.process is None, "a server that stops takes its folder along"
    for place in (log.encode(), " ".join(answers).encode(), *counted, sent):
        found = {name: canary.hits(place, needles) for name, needles in everything(entry, codes, tokens).items()}
        assert found == {"key": 0, "backup codes": 0, "passwords": 0, "tokens": 0}
    assert canary.digits_in(re.sub(r"\.\d{3}\+", "", log) + " ".join(answers) + told_by(collector), typed) == 0
    assert not [person for person in PEOPLE if person.encode() in sent]
    labels = {value for _, labels in samples(answers[0]) for _, value in labels}
    assert not [person for person in PEOPLE for value in labels if person in value]
    requests = [line for line in log.splitlines() if '"event": "request"' in line]
    assert requests and not [person for person in PEOPLE for line in requests if person in line]


def told_by(collector):
    """Returns the words and numbers of all spans, without their random ids."""
    return " ".join(f"{span.name} {sorted(span.attributes.items())}" for span in collector.spans())


def counted_in(server):
    """Returns the folder that the processes of a server count into."""
    environment = Path(f"/proc/{server.workers()[0]}/maps").read_text()
    return Path(re.search(r"(/\S*portal-metrics-[^/]+)/", environment)[1])
