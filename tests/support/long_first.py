"""Begins with the tests that take several seconds each, so that at the end no worker waits for one that began last."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Moves the tests marked `long` to the front, after pytest-randomly has shuffled; the order is otherwise unchanged."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
