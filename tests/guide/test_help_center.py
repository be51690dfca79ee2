"""The help article's "Still Need Help?", up to the ticket: the search, and what to have ready. By the words on the page alone."""

from tests.support.guide import step


def test_the_help_center_is_searched_and_says_whom_to_ask_first(reader):
    reader.page.goto("/")
    reader.press("Help")
    with step(reader, "help b1"):
        reader.type("Search help", "switched my phone")
        reader.press("Search")
    reader.press("All articles")
    with step(reader, "help b3", "help p2"):
        reader.press("Before you contact support")
