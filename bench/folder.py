"""`python -m bench.folder`: how long an auditor's folder takes about STAFF=5000 people, on SQLite or with DATABASE=postgresql."""

import contextlib
import io
import os
import tempfile
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from portal import clock, create_app
from portal.cli import make_migrator
from portal.flows.auditor import collect, scope, trail
from portal.folder.archive import ZipStore
from portal.folder.make import Order, write_folder
from portal.policy import policy_under
from portal.settings.environment import load_settings
from tests.support.audited import OWN, STAFF_SHARE, ZONE, Audited
from tests.support.postgres import running_postgres

PEOPLE = int(os.environ.get("STAFF", "5000"))
EVENTS = 20  # of each person, four of them changes of a factor


def measure(url: str, folder: Path) -> None:
    """Fill the database, make one folder, and print its figures."""
    app = create_app(load_settings({"PORTAL_INSTANCE": str(folder), **({"PORTAL_DATABASE_URL": url} if url else {})}))
    settings, keys = app.extensions["settings"], app.extensions["keys"]
    with app.app_context():
        make_migrator(app).upgrade()
        with app.extensions["engine"].execution_options(writes=True).begin() as connection:
            Audited(1, clock.now(), round(PEOPLE / STAFF_SHARE), EVENTS).write(connection)
        now, zone = clock.now(), ZoneInfo(ZONE)
        period = scope.Period(*scope.default_days(now.astimezone(zone).date()), zone)
        about = scope.Scope(OWN, "Measured", period, now, policy_under("provider", settings.provider_methods))
        began, computed = time.perf_counter(), time.process_time()
        found, state = collect.collect(about, settings, keys), trail.read_trail(keys, now)
        read = time.perf_counter()
        file = io.BytesIO()
        store = ZipStore(file, "folder", now)
        written = write_folder(store, found, state, keys, Order("en", "bench", now), lambda _name: None)
        store.close()
        ended = time.perf_counter()
    rows = sum(each.rows or 0 for each in written)
    print(
        f"{found.holdings.staff} people, {rows} rows: {ended - began:.1f} s, of which {read - began:.1f} s to read; "
        f"{time.process_time() - computed:.1f} s of the processor; {len(file.getvalue()) / 1e6:.1f} MB"
    )


def main() -> None:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = ""
        if os.environ.get("DATABASE") == "postgresql":
            url = stack.enter_context(running_postgres()).create("folder")
        measure(url, folder)


if __name__ == "__main__":
    main()
