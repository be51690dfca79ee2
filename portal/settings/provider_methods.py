"""The methods that providers and administrators may use at all, by PORTAL_PROVIDER_METHODS."""

from collections.abc import Mapping

from portal.settings import config
from portal.settings.addresses import SettingError, quote

NAME = "PORTAL_PROVIDER_METHODS"


def read_provider_methods(environ: Mapping[str, str]) -> tuple[str, ...] | None:
    """The names in the list; None if it isn't set, which is all of config.PROVIDER_METHODS. Raises SettingError."""
    if NAME not in environ:
        return None
    names = tuple(dict.fromkeys(environ[NAME].replace(" ", "").split(",")))
    for name in names:
        if name not in config.PROVIDER_METHODS:
            known = ",".join(config.PROVIDER_METHODS)
            raise SettingError(
                f"{NAME} must be a list of methods that providers may use, such as {known}. {quote(name)} isn't one."
            )
    if not set(names) & set(config.METHODS):  # what a practice adds is beside it, and needs JavaScript
        raise SettingError(f"{NAME} must include {config.METHODS[0]}, which every practice begins with.")
    return names
