"""The template loader for methods with their own folder: it serves methods/NAME/… after the portal's own templates."""

from collections.abc import Callable

from jinja2 import BaseLoader, Environment, FileSystemLoader, TemplateNotFound

from portal.methods import method

FOLDER = "methods"


class MethodTemplates(BaseLoader):
    """Finds methods/NAME/FILE in that method's folder if the method is switched on."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        folder, _, rest = template.partition("/")
        name, _, file = rest.partition("/")
        found = method(name) if folder == FOLDER else None
        if found is None or found.templates is None:
            raise TemplateNotFound(template)
        return FileSystemLoader(found.templates).get_source(environment, file)
