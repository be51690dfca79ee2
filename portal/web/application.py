"""Flask without work that it repeats for every view and every template, and that the portal has no use for."""

from collections.abc import Callable, MutableMapping
from types import FunctionType, MethodType
from typing import Any, cast

import markupsafe
from flask import Flask, g, has_request_context
from flask.ctx import _AppCtxGlobals
from flask.templating import Environment
from jinja2 import Template, runtime, utils
from markupsafe import Markup

AUTOESCAPE = utils._PassArg.eval_context  # what @pass_eval_context leaves on a function


def kept() -> _AppCtxGlobals:
    """Flask's `g` itself, for what every view asks for many times: a look through the proxy takes ten times as long."""
    return cast(_AppCtxGlobals, g._get_current_object())


def escape(value: object) -> Markup:
    """As markupsafe has it, but markup stays the object that it is."""
    return value if type(value) is Markup else markupsafe.escape(value)


class Page(Template):
    """A template that leaves markup alone: most of what pages put together has been escaped before."""

    @classmethod
    def from_code(cls, *args: Any, **kwargs: Any) -> Template:
        found = super().from_code(*args, **kwargs)
        found.root_render_func.__globals__["escape"] = escape
        return found


class Context(runtime.Context):
    """Whether a function takes the context is looked up once for each call of a template, not twice."""

    def call(self, called: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        kind = type(called)
        if kind is runtime.Macro or (kind is FunctionType and getattr(called, "jinja_pass_arg", None) is AUTOESCAPE):
            args = (self.eval_ctx, *args)
        elif kind not in (FunctionType, MethodType) or hasattr(called, "jinja_pass_arg"):
            return super().call(called, *args, **kwargs)
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        return called(*args, **kwargs)


class Templates(Environment):
    """Templates that share the globals of their environment: none has globals of its own, so none is compared with another's."""

    context_class = Context
    template_class = Page

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.loaded: dict[Any, Template] = {}  # by name: a page imports half a dozen

    def get_template(
        self, name: str | Template, parent: str | None = None, globals: MutableMapping[str, Any] | None = None
    ) -> Template:
        if globals or self.auto_reload:
            return super().get_template(name, parent, globals)
        found = self.loaded.get(name)
        if found is None:
            found = self.loaded[name] = super().get_template(name, parent)
        return found

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


class Application(Flask):
    """Flask, for views and hooks that are plain functions."""

    jinja_environment = Templates

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.addresses: dict[str, str] = {}  # of the endpoints whose address has nothing filled in

    def log_exception(self, exc_info: Any) -> None:
        """Nothing: Flask would write the address, which may hold a token. portal/web/errors.py writes what broke, with its reference."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: none of ours is a coroutine, which Flask would look for a dozen times a request."""
        return func

    def url_for(self, /, endpoint: str, **values: Any) -> str:
        """An address; one that nothing is filled into is built once."""
        blueprint = endpoint.partition(".")[0]
        is_filled = any(value is not None for value in values.values())
        if is_filled or not blueprint or blueprint in self.url_default_functions or not has_request_context():
            return super().url_for(endpoint, **values)
        found = self.addresses.get(endpoint)
        if found is None:
            found = self.addresses[endpoint] = super().url_for(endpoint)
        return found
