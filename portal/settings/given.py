"""The settings as they were given: text in one line, without blanks around it."""

import re
from collections.abc import Mapping

from portal.settings.addresses import SettingError

PREFIX, OTHERS = "PORTAL_", ("HOST", "PORT", "WEB_CONCURRENCY", "FLASK_DEBUG")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def read_given(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment, its settings without blanks and line ends around them. Raises SettingError for what none of them may hold.

    A blank is easily typed, or left by a file that a value was read from; inside of a value, a line end is a mistake, which could end up in
    a header. Bytes that are not UTF-8, which Python keeps as lone surrogates, are taken by no page, database, or gateway.
    """
    given = {name: value.strip() for name, value in environ.items() if name.startswith(PREFIX) or name in OTHERS}
    for name, value in given.items():
        if not value.isascii() and value != value.encode("utf-8", "ignore").decode():
            raise SettingError(f"{name} holds bytes that are not UTF-8. Write it again as UTF-8.")
        if CONTROL.search(value):
            raise SettingError(f"{name} holds a line break or another control character. Write it in one line.")
    return {**environ, **given}
