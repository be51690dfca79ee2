"""The test bench whole: importing it adds the pages of each module to the blueprint."""

from typing import TYPE_CHECKING, Any

from flask import Flask, Request

from portal.blueprints.test_bench import mailbox, pages, people, phones, scenarios, switches
from portal.blueprints.test_bench.frame import blueprint
from portal.settings import config

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["init_app", "mailbox", "pages", "people", "phones", "scenarios", "switches"]


class BenchRequest(Request):
    """A request that may bring a picture to the phone's camera, and is otherwise as short as any."""

    def __init__(self, environ: "WSGIEnvironment", *words: Any, **named: Any) -> None:
        super().__init__(environ, *words, **named)
        if self.path.startswith("/test-bench/phones/") and self.path.endswith("/screenshot"):
            self.max_content_length = config.BENCH_PICTURE_MAX_BYTES


def init_app(app: Flask) -> None:
    """Add the bench to the portal."""
    app.request_class = BenchRequest
    app.config["BODY_MAX_BYTES"] = config.BENCH_PICTURE_MAX_BYTES  # that the server reads
    app.register_blueprint(blueprint)
