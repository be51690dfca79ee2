"""A floor imports only from its own and from below; the web stays on the top floor."""

from tests.house.source import modules

FLOORS = {
    "portal": 5,  # create_app(): the one place where the parts meet
    "portal.blueprints": 5,
    "portal.web": 5,
    "portal.cli": 5,
    "portal.wsgi": 5,
    "portal.gunicorn_conf": 5,
    "portal.queue": 5,
    "portal.flows": 4,
    "portal.methods": 3,
    "portal.policy": 2,
    "portal.answers": 2,
    "portal.phones": 2,
    "portal.send_limits": 2,
    "portal.words": 2,
    "portal.forms": 2,
    "portal.spreadsheet": 2,
    "portal.models": 1,
    "portal.gateways": 1,
    "portal.crypto": 1,
    "portal.passwords": 1,
    "portal.db": 0,
    "portal.postgres": 0,
    "portal.clock": 0,
    "portal.names": 0,
    "portal.settings": 0,
    "portal.version": 0,
}
WEB = ("flask", "flask_login", "flask_wtf", "flask_babel", "flask_alembic", "werkzeug", "jinja2")
WEB_BELOW = {"portal.db": {"flask"}}  # the engine is bound to the application


def floor(name):
    """Returns the floor of a module, None where the house has no such room."""
    room = name
    while room.count(".") > 1:
        room = room.rpartition(".")[0]
    return FLOORS.get(room)


EVERY = modules()


def test_there_is_a_house_to_look_at():
    assert len(EVERY) > 20


def test_every_module_lives_on_a_floor():
    assert [module.name for module in EVERY if floor(module.name) is None] == [], "give it a floor, or a room that has one"


def test_nobody_imports_from_a_floor_above():
    climbs = [
        f"{module.at(node)} imports {name}"
        for module in EVERY
        for node, name in module.imports()
        if name.split(".")[0] == "portal" and (floor(name) is None or floor(name) > floor(module.name))
    ]
    assert climbs == []


def test_the_web_is_known_on_the_top_floor_only():
    below = [module for module in EVERY if floor(module.name) != 5]
    known = [(module, node, name.split(".")[0]) for module in below for node, name in module.imports()]
    assert [
        f"{module.at(node)} imports {name}"
        for module, node, name in known
        if name in WEB and name not in WEB_BELOW.get(module.name, ())
    ] == []


def test_methods_do_not_know_each_other():
    methods = [module for module in EVERY if module.name.startswith("portal.methods.")]
    names = {module.name for module in methods}
    known = [module.at(node) for module in methods for node, name in module.imports() if name in names - {module.name}]
    assert known == []


def test_a_blueprint_asks_no_method_and_moves_no_row():
    ways = ("portal.methods.", "sqlalchemy")
    blueprints = [module for module in EVERY if module.name.startswith("portal.blueprints.")]
    assert [f"{m.at(node)} imports {name}" for m in blueprints for node, name in m.imports() if name.startswith(ways)] == []
