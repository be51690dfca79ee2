"""An error of the database is no row's fault: nobody is told that the trail was changed."""

import pytest
from sqlalchemy.exc import OperationalError

from portal import clock
from portal.flows.audit import pages, verify
from portal.flows.auditor import trail as of_auditor

GONE = OperationalError("SELECT", {}, Exception("the server closed the connection"))


@pytest.mark.parametrize(
    ("module", "name", "deed"),
    [
        (pages, "read", lambda keys: pages.read_rows("SELECT", 1, 2)),
        (verify.Verifier, "begin", lambda keys: verify.verify(keys, clock.now(), {})),
        (verify, "count_sealed", lambda keys: verify.count_to_verify()),
        (of_auditor, "look_at", lambda keys: of_auditor.read_trail(keys, clock.now())),
    ],
)
def test_an_error_of_the_database_is_raised(trail, monkeypatch, module, name, deed):
    def fail(*_):
        raise GONE

    monkeypatch.setattr(module, name, fail)
    with trail.app.app_context(), pytest.raises(OperationalError):
        deed(trail.keys)
