"""Workers tell each other what axe has looked at, and nothing else."""

from tests.support.looks import Looks


def test_a_worker_learns_what_another_has_looked_at_since_it_began(tmp_path):
    one, two = Looks(), Looks()
    for each in (one, two):
        each.share(tmp_path / "looked_at")
    assert not two.cover({"a", "b"})
    one.add({"a"})
    assert two.cover({"a"}) and not two.cover({"a", "b"})
    two.add({"b"})
    one.add({"c"})
    assert two.cover({"a", "b", "c"}) and one.cover({"b"})
    assert not one.cover({"d"}) and not two.cover({"a", "d"})


def test_a_worker_alone_remembers_its_own():
    looks = Looks()
    looks.add({"a"})
    assert looks.cover({"a"}) and not looks.cover({"b"})
