"""Where a method's templates are looked for that brings a folder of its own: as methods/NAME/…, behind the portal's."""

from collections.abc import Callable

from jinja2 import BaseLoader, Environment, FileSystemLoader, TemplateNotFound

from portal.methods import method

FOLDER = "methods"


class MethodTemplates(BaseLoader):
    """Finds methods/NAME/FILE in the folder of the method of that name, while it is switched on."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        room, _, rest = template.partition("/")
        name, _, file = rest.partition("/")
        found = method(name) if room == FOLDER else None
        if found is None or found.templates is None:
            raise TemplateNotFound(template)
        return FileSystemLoader(found.templates).get_source(environment, file)
