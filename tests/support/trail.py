"""The audit trail in tests: events by the dozen, sealed at a time, verified; and hands that change rows past the portal."""

from datetime import timedelta

from sqlalchemy import func, insert, select, text

from portal.flows.audit.seal import seal_events, seal_forgotten
from portal.flows.audit.verify import verify
from portal.models import Event, EventSeal

AGO = timedelta(minutes=10)
WHO = {"result": "ok", "actor_id": None, "subject_id": None, "ip": "192.0.2.7", "user_agent": "Firefox", "app_version": "0.1.0"}


class Trail:
    """One app's audit trail."""

    def __init__(self, app, clock):
        self.app, self.clock = app, clock
        self.keys, self.engine = app.extensions["keys"], app.extensions["engine"]

    def add(self, number=1, at=None, **columns):
        """Adds events; returns their ids."""
        row = {**WHO, "event": "session_end", "at": at or self.clock.now - AGO, **columns}
        with self.engine.begin() as connection:
            each = [connection.execute(insert(Event).values(row | {"request_id": f"request {n}"})) for n in range(number)]
            return [done.inserted_primary_key[0] for done in each]

    def seal(self, **later):
        """Seals what is due; returns how many events were sealed. `later` moves the clock first."""
        self.clock.move(**later)
        with self.app.app_context():
            return seal_events(self.keys, self.clock.now)

    def seal_forgotten(self):
        with self.app.app_context():
            return seal_forgotten(self.keys, self.clock.now)

    def fill(self, *sizes):
        """Seals batches of new events, five minutes apart; returns the ids of each."""
        batches = []
        self.seal()
        for size in sizes:
            self.clock.move(minutes=5)
            batches.append(self.add(size, self.clock.now - timedelta(minutes=4)))
            assert self.seal() == size
        return batches

    def report(self, keys=None, anchors=None, **options):
        """Verifies."""
        with self.app.app_context():
            return verify(keys or self.keys, self.clock.now, anchors or {}, **options)

    def kinds(self, **options):
        """Returns the kinds of what verification finds, with the seal and the event of each."""
        return [(found.kind, found.seal, found.event) for found in self.report(**options).findings]

    def change(self, *statements, **values):
        """Changes rows as whoever owns the database can."""
        with self.engine.begin() as connection:
            return [connection.execute(text(statement), values).rowcount for statement in statements]

    def seals(self):
        with self.engine.connect() as connection:
            return connection.execute(select(EventSeal.__table__).order_by(EventSeal.number)).all()

    def count(self):
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(Event)).scalar()
