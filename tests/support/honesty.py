"""On the build machine, a skipped test fails."""

import os

import pytest

STRICT = os.environ.get("CI") == "true"
REASON = "skipped, and with CI=true nothing may be skipped: {}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turns a skip at run time into a failure (xfail stays xfail)."""
    report = yield
    if STRICT and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: " + REASON.format(call.excinfo and call.excinfo.value)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Turns the skip of a whole module into a failure."""
    report = yield
    if STRICT and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid}: " + REASON.format(report.longrepr)
    return report
