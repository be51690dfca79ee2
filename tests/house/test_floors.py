"""Layering: a package imports only from lower layers, and only the top layers know the web framework."""

from tests.house.source import modules

# From top to bottom. A package imports only from the lines below its own, never from its own line.
FLOORS = (
    ("portal.gunicorn_conf",),
    ("portal.server",),
    ("portal.wsgi",),
    ("portal",),  # the application factory
    ("portal.cli",),
    ("portal.text_check",),
    (
        "portal.blueprints.patient",
        "portal.blueprints.ehr",
        "portal.blueprints.support",
    ),  # the sides, which nest the shared blueprints
    (
        "portal.blueprints.account",
        "portal.blueprints.approvals",
        "portal.blueprints.emergency",
        "portal.blueprints.public",
        "portal.blueprints.recovery",
    ),
    ("portal.blueprints.wizard",),
    ("portal.blueprints.shared", "portal.blueprints.machine", "portal.blueprints.test_bench"),
    ("portal.watch",),
    ("portal.queue",),
    ("portal.queue_consumer", "portal.queue_stand_in"),
    ("portal.web",),
    ("portal.folder",),
    ("portal.flows.operator",),
    ("portal.flows.account", "portal.flows.approvals", "portal.flows.auditor", "portal.flows.tickets"),
    ("portal.flows.recovery",),
    ("portal.flows.resets",),
    ("portal.flows.sign_in",),
    ("portal.flows.emergency",),
    ("portal.flows.factors", "portal.flows.practice"),
    ("portal.flows.messages", "portal.flows.sessions", "portal.flows.audit"),
    ("portal.flows.base",),
    ("portal.methods",),
    (
        "portal.policy",
        "portal.forms",
        "portal.phones",
        "portal.references",
        "portal.spreadsheet",
        "portal.csv_records",
        "portal.help",
        "portal.written",
    ),
    ("portal.answers", "portal.open_challenges", "portal.plain_cbor", "portal.send_limits", "portal.numbering", "portal.typed"),
    ("portal.words",),
    ("portal.models",),
    ("portal.gateways",),
    ("portal.crypto", "portal.passwords", "portal.turned_away"),
    ("portal.signing",),
    ("portal.breached", "portal.hashing"),
    ("portal.db",),
    ("portal.engines",),
    ("portal.write_line", "portal.postgres_begin"),
    ("portal.clock",),
    ("portal.names", "portal.limit_address", "portal.queue_storage", "portal.request_id"),
    ("portal.settings", "portal.version"),
    ("portal.language_help",),
    ("portal.languages",),
    ("portal.pseudo",),
    ("portal.zones", "portal.unswept"),
)
HEIGHT = {package: -row for row, packages in enumerate(FLOORS) for package in packages}
ABOVE_THE_WEB = HEIGHT["portal.web"]
WEB = ("flask", "flask_login", "flask_wtf", "flask_babel", "flask_alembic", "werkzeug", "jinja2")
WEB_BELOW = {"portal.db": {"flask"}}  # the engine belongs to the Flask app
EVERY = modules()
NAMES = {module.name for module in EVERY}


def package_of(name):
    """Returns the most specific entry of FLOORS for a module, or None."""
    while name and (name not in HEIGHT or (name == "portal")):
        if name == "portal":
            return "portal"
        name = name.rpartition(".")[0]
    return name or None


def imports(module):
    """Returns (location, module name) for each import from the portal."""
    return [(module.at(node), name) for node, name in module.imports() if name.split(".")[0] == "portal"]


def test_there_is_a_house_to_look_at():
    assert len(EVERY) > 100


def test_every_module_has_a_floor():
    lost = [m.name for m in EVERY if package_of(m.name) == "portal" and m.name != "portal"]
    empty = [m.name for m in EVERY if m.name in ("portal.flows", "portal.blueprints")]  # only contain packages
    assert sorted(set(lost) - set(empty)) == [], "name its package in FLOORS"


def test_no_package_imports_from_its_own_row_or_above():
    climbs = []
    for module in EVERY:
        own = package_of(module.name)
        for place, name in imports(module):
            other = package_of(name)
            if other != own and HEIGHT[other] >= HEIGHT[own]:
                climbs.append(f"{place} imports {name}")
    assert climbs == []


def test_no_circle_of_packages():
    """Follows from the layers, but is computed from the imports alone, so that a wrong layer cannot hide a cycle."""
    below = {}
    for module in EVERY:
        own = package_of(module.name)
        below.setdefault(own, set()).update(package_of(name) for _, name in imports(module))
    for package, others in below.items():
        others.discard(package)
    while below:
        free = {package for package, others in below.items() if not others & below.keys()}
        assert free, f"a circle among {sorted(below)}"
        below = {package: others for package, others in below.items() if package not in free}


def test_the_web_is_known_on_the_top_floors_only():
    known = [
        f"{module.at(node)} imports {name}"
        for module in EVERY
        if HEIGHT[package_of(module.name)] < ABOVE_THE_WEB
        for node, name in module.imports()
        if name.split(".")[0] in set(WEB) - WEB_BELOW.get(module.name, set())
    ]
    assert known == []


def test_methods_do_not_know_each_other():
    methods = [module for module in EVERY if module.name.startswith("portal.methods.")]
    names = {module.name for module in methods}
    known = [f"{m.at(node)} imports {name}" for m in methods for node, name in m.imports() if name in names - {m.name}]
    assert methods and known == []


def test_a_blueprint_asks_no_method_and_moves_no_row():
    ways = ("portal.methods.", "sqlalchemy")
    blueprints = [module for module in EVERY if module.name.startswith("portal.blueprints.")]
    assert [f"{m.at(node)} imports {name}" for m in blueprints for node, name in m.imports() if name.startswith(ways)] == []
