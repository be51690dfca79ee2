"""A first visit is light: from the sign-in page to "on, codes proved", typefaces included, nothing fetched twice, in each language."""

from collections import Counter

import pytest

from portal.languages import SOURCE, list_languages
from tests.speed.weight import each_visit
from tests.support.browser import Browsers

MOST_BYTES = 85_000  # with headers
MOST_REQUESTS = 16
BESIDE_ENGLISH = 1.05


@pytest.fixture(scope="module")
def visits(sites, chromium):
    """Returns what a patient's whole first visit fetched, by the languages that were offered and the one it was in."""
    browsers = Browsers(chromium)
    visits = each_visit(sites, browsers)
    assert browsers.close() == []
    return visits


def test_the_whole_road_is_light(visits):
    english = visits[(SOURCE,), SOURCE]
    assert english.total <= MOST_BYTES, str(english)
    assert len(english.fetched) <= MOST_REQUESTS, str(english)
    for scales in visits.values():
        assert sum(each.path.partition("?")[0].endswith(".woff2") for each in scales.fetched) == 1, str(scales)
        twice = [what for what, times in Counter((each.method, each.path) for each in scales.fetched).items() if times > 1]
        assert twice == []


def test_no_language_weighs_much_more_than_english(visits):
    beside = visits[list_languages(), SOURCE]
    for (offered, language), scales in visits.items():
        if len(offered) > 1:
            assert scales.total <= BESIDE_ENGLISH * beside.total, f"{language}\n{scales}\n{beside}"
            assert len(scales.fetched) == len(beside.fetched), f"{language}\n{scales}\n{beside}"
