"""What SQLAlchemy has compiled is found by the statement itself, and never taken for another one's."""

from portal.engines import COMPILED, CompiledStatements


def key(*words):
    """As SQLAlchemy makes it: the dialect, a description, and how it is executed."""
    return ("sqlite", tuple(words), (), False, False)


def test_a_statement_is_found_by_its_description_as_by_an_equal_one():
    kept, own = CompiledStatements(), key("select", str(1))
    kept[own] = "compiled"
    assert (kept.get(own), kept.get(key("select", str(1)))) == ("compiled", "compiled")
    assert kept.get(key("select", str(2))) is None


def test_a_description_that_lies_where_another_one_lay_is_not_taken_for_it():
    kept, own, other = CompiledStatements(), key("select", str(1)), key("select", str(2))
    kept[own] = "compiled"
    kept.same[id(other[1]), *other[2:]] = own[1], "compiled"
    assert kept.get(other) is None


def test_no_more_is_kept_than_is_said():
    kept = CompiledStatements()
    for at in range(2 * COMPILED + 1):
        kept[key("select", str(at))] = at
    assert len(kept.same) <= COMPILED
    assert kept.get(key("select", str(2 * COMPILED))) == 2 * COMPILED


def test_what_is_asked_again_is_found_by_its_description_after_a_clearing():
    kept, own = CompiledStatements(), key("select", str(-1))
    kept[own] = "compiled"
    for at in range(COMPILED):
        kept[key("select", str(at))] = at
        assert kept.get(own) == "compiled"
    assert kept.same[id(own[1]), *own[2:]] == (own[1], "compiled")
