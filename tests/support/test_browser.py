"""The browser fixture reports a page's console messages, and nothing else."""

import base64

import pytest

from tests.support.browser import Browsers
from tests.support.server import free_port


def page_of(text):
    return "data:text/html;base64," + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("fault", ["console.log('psst')", "throw new Error('broken')"])
def test_a_page_that_talks_is_heard(chromium, fault):
    browsers = Browsers(chromium)
    browsers.open(f"http://127.0.0.1:{free_port()}").page.goto(page_of(f"<title>a</title><script>{fault}</script>"))
    assert len(browsers.close()) == 1


def test_a_browser_without_scripts_runs_none(browsers):
    page = browsers.open(f"http://127.0.0.1:{free_port()}", script=False).page
    page.goto(page_of("<title>before</title><script>document.title = 'after'; console.log('psst')</script>"))
    assert page.title() == "before"
