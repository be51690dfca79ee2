"""The parts of a page's frame that are drawn once for everybody: people see nothing of each other in them."""

import re

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def test_no_page_holds_anything_of_who_came_before(plain, maria, sam, dr_okafor, support):
    """In turns, so that each draws what is missing for the others; every page has its own reader's name, menu, and token."""
    readers = [(each, plain.another().enter(each)) for each in (maria, sam, dr_okafor, support)]
    seen = set()
    for person, browser in [*readers, *reversed(readers)]:
        html = browser.get("/help").text
        assert [each.name for each, _ in readers if each.name in html] == [person.name]
        assert ('href="/home"' in html, 'href="/ehr/charts"' in html) == (person in (maria, sam), person is dr_okafor)
        seen.add((person.username, TOKEN.search(html)[1]))
    assert len({token.partition(".")[0] for _, token in seen}) == len(readers)
