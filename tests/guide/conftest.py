"""Who walks the help article: with and without JavaScript, unless a test says otherwise."""

import pytest

from tests.support.reader import Reader

LOOKS = {"light": {}, "without JavaScript": {"script": False}}


@pytest.fixture(params=LOOKS)
def reader(request, town, browsers):
    """Somebody with the help article at hand, with and without JavaScript."""
    return Reader(browsers.borrow(town.url, **LOOKS[request.param]))
