"""The tests' portal runs in real processes that can be killed, and each test has its own."""

import time
import urllib.request

import pytest

from tests.support.server import ColdServer, running_server


def test_a_site_is_nobody_elses(sites):
    one, other = sites.seeded(), sites.seeded()
    assert one.folder != other.folder
    assert one.database_url != other.database_url
    assert (one.folder / "encryption_keys").read_text() == (other.folder / "encryption_keys").read_text()
    sites.remove(one)
    sites.remove(other)
    assert not one.folder.exists()


def test_seeding_twice_changes_nothing(site):
    assert site.flask("demo", "seed") == site.flask("demo", "seed")


def test_the_portal_as_an_operator_starts_it_answers_again_after_a_kill_and_ends_in_good_order(site):
    with running_server(site, workers=1, kind=ColdServer) as server:
        with urllib.request.urlopen(server.url + "/sign-in") as answer:  # noqa: S310 (the portal under test)
            assert answer.status == 200
        server.kill()
        assert not server.answers()
        server.restart()
        assert server.answers()
        assert server.stop() == 0 and not server.answers()


def test_a_killed_worker_is_replaced(site):
    with running_server(site, workers=2) as server:
        dead = server.kill_a_worker()
        deadline = time.monotonic() + 20
        while (dead in server.workers() or len(server.workers()) < 2) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(server.workers()) == 2
        assert server.answers()


def test_a_start_that_is_refused_says_why(site):
    with pytest.raises(RuntimeError, match="PORTAL_TEST_BENCH"), running_server(site, PORTAL_TEST_BENCH="yes"):
        pass
