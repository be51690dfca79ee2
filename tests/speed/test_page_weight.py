"""A first visit is light: from the sign-in page to "on, codes proved", typefaces included, nothing fetched twice."""

from collections import Counter

import pytest

from tests.speed.weight import first_visit

MOST_BYTES = 85_000  # with headers
MOST_REQUESTS = 16


@pytest.fixture
def fetched(server, browsers):
    """Returns what a patient's whole first visit fetched."""
    return first_visit(browsers.open(server.url)).fetched


def test_the_whole_road_is_light(fetched):
    listed = "\n".join(f"{each.bytes:6} {each.method} {each.path} {each.status}" for each in fetched)
    total = sum(each.bytes for each in fetched)
    assert total <= MOST_BYTES, f"{total} bytes\n{listed}"
    assert len(fetched) <= MOST_REQUESTS, f"{len(fetched)} requests\n{listed}"
    assert sum(each.path.partition("?")[0].endswith(".woff2") for each in fetched) == 1
    twice = [what for what, times in Counter((each.method, each.path) for each in fetched).items() if times > 1]
    assert twice == []
