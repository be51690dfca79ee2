"""What every test may ask for; each part lives in a module of its own in tests/support."""

pytest_plugins = [
    "tests.support.honesty",
]
