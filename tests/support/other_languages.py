"""Reads the pages of a walk in the languages that have a catalogue, as the portal in this process draws them for the same browser."""

from unittest.mock import patch
from urllib.parse import urlsplit

from werkzeug.test import EnvironBuilder

from portal.languages import list_languages
from portal.web import language
from tests.support.own_words import find_on_page

TRANSLATED = list_languages()[1:]
READ = set()  # (endpoint, heading) of the pages that this process has read


class OtherLanguages:
    """Asks for a page again, in each language; a page of the same view with the same heading is read once."""

    def __init__(self, app):
        self.app = app

    def read(self, page, heading):
        """Returns a line for each English word of a page in another language."""
        address = urlsplit(page.url)
        where = (self.app.url_map.bind("").match(address.path)[0] if self._is_there(address.path) else "", heading)
        if where in READ:
            return []
        READ.add(where)
        client, agent = self.app.test_client(), {"User-Agent": page.evaluate("navigator.userAgent")}
        for cookie in page.context.cookies():
            client.set_cookie(cookie["name"], cookie["value"], domain=address.hostname)
        request = EnvironBuilder(address.path, f"http://{address.netloc}", address.query, headers=agent)
        return [fault for each in TRANSLATED for fault in self._read(client, request, each)]

    def _is_there(self, path):
        return self.app.url_map.bind("").test(path, method="GET")

    @staticmethod
    def _read(client, request, tag):
        with patch.object(language, "choose_language", lambda: tag):
            answer = client.get(request)
        if answer.mimetype != "text/html" or answer.status_code // 100 == 3:
            return []
        return [f"{request.path}: {fault}" for fault in find_on_page(tag, answer.get_data(as_text=True))]
