"""More patients than the demo has, made by the portal's own flow in the process of the test."""

from portal import clock, config, create_app
from portal.flows import accounts
from tests.support.wire import PASSWORD


def add_patients(site, count):
    """Makes patients `patient1`, `patient2` … with the demo accounts' password and an address; returns their names."""
    app = create_app(config.load(site.environment))
    names = [f"patient{number}" for number in range(1, count + 1)]
    with app.app_context():
        for name in names:
            keys, email = app.extensions["keys"], f"{name}@example.test"
            accounts.create(keys, clock.now(), name, name.capitalize(), "patient", PASSWORD, email=email)
    app.extensions["engine"].dispose()
    return names
