"""What every test may ask for; each part lives in a module of its own in tests/support."""

import pytest

pytest.register_assert_rewrite("tests.support")

pytest_plugins = [
    "tests.support.honesty",
    "tests.support.garbage",
    "tests.support.long_first",
    "tests.support.compiled",
    "tests.support.routes",
    "tests.support.sites",
    "tests.support.server",
    "tests.support.database_role",
    "tests.support.browser",
    "tests.support.moving",
    "tests.support.agents",
    "tests.support.people",
    "tests.support.town",
    "tests.support.relay",
    "tests.support.gateway",
    "tests.support.collector",
    "tests.support.mail_server",
    "tests.support.kannel",
    "tests.support.vendors",
    "tests.support.number_check",
    "tests.support.texts",
]
