"""Functions of routes that are compiled once build what werkzeug's own build."""

from tests.support.routes import compile_anew, compile_once

VALUE = 7  # a whole number, a text, and a path alike


def test_a_route_that_is_compiled_once_builds_the_same_address(app):
    built = set()
    for rule in app.url_map.iter_rules():
        values = dict.fromkeys(rule.arguments - set(rule.defaults or ()), VALUE) | {"more": "a word & more"}
        for append_unknown in (True, False):
            shared, own = (compiler(rule, append_unknown)(rule, **values) for compiler in (compile_once, compile_anew))
            assert shared == own
            built.add(own)
    assert len(built) > 100
