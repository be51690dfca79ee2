"""Static files: versioned addresses, no comments on the wire, and brotli and gzip variants of files that compress well.

Pages are never compressed, because they contain tokens (BREACH).
"""

import gzip
import hashlib
import logging
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import brotli
from flask import Flask
from whitenoise import WhiteNoise

from portal.settings.environment import Settings
from portal.web import headers

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)
STATIC = Path(__file__).parent.parent / "static"
COMMENTS = {".css": re.compile(r"/\*.*?\*/", re.DOTALL), ".js": re.compile(r"^[ \t]*//.*$", re.MULTILINE)}
INDENTATION = re.compile(r"^\s+", re.MULTILINE)
LOOSE = re.compile(r"\s*([{},;])\s*|(?<=:) +")  # blanks that mean nothing in a style
COMPRESSED = (".css", ".js", ".svg")  # fonts are compressed already
VERSIONS = {
    path.relative_to(STATIC).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    for path in sorted(STATIC.rglob("*"))
    if path.is_file()
}


class StaticFiles(WhiteNoise):  # type: ignore[misc]  # WhiteNoise has no types
    """WhiteNoise, with the portal's headers on whatever it answers: a file, that it has not changed, or a refusal."""

    def __init__(self, *args: Any, own: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.own = own

    def serve(self, static_file: Any, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, sent: list[tuple[str, str]]) -> Any:
            if is_of_another_version(environ):
                sent = [(name, "no-cache" if name == "Cache-Control" else value) for name, value in sent]
            return start_response(status, sent + self.own)

        answer: Iterable[bytes] = super().serve(static_file, environ, start)
        return answer


def is_of_another_version(environ: "WSGIEnvironment") -> bool:
    """Whether a page of another version asks, as while several machines are upgraded: the answer must not be kept as that version's."""
    query = str(environ.get("QUERY_STRING", ""))
    return query.startswith("v=") and query != f"v={VERSIONS.get(environ['PATH_INFO'].removeprefix('/static/'))}"


def serve_static_files(app: Flask, settings: Settings) -> None:
    """Serve `/static/…` in front of the app, with addresses from `url_for("static", filename=…)`."""
    app.add_url_rule("/static/<path:filename>", "static", build_only=True)
    app.url_defaults(add_version)
    app.wsgi_app = StaticFiles(  # type: ignore[method-assign]  # as Flask documents it
        app.wsgi_app,
        root=str(pack(settings.instance)),
        prefix="static/",
        max_age=0,
        immutable_file_test=lambda path, url: True,
        allow_all_origins=False,
        own=headers.plain_headers(settings),
    )


def add_version(endpoint: str, values: dict[str, Any]) -> None:
    """Add a hash of the content to a static file's address, so that it can be cached forever."""
    if endpoint == "static" and values.get("filename") in VERSIONS:
        values.setdefault("v", VERSIONS[values["filename"]])


def pack(instance: Path) -> Path:
    """A folder in `instance` with the files and their compressed variants; named by a hash of all contents, so never stale.

    Where it can't be written, the files as they are.
    """
    digest = hashlib.sha256(repr(("br", "lighter", VERSIONS)).encode()).hexdigest()[:16]
    packed = instance / f"static-{digest}"
    try:
        return packed if packed.exists() else write_packed(packed)
    except OSError as error:
        log.warning("static files are served uncompressed, because PORTAL_INSTANCE can't be written: %s", error.strerror)
        return STATIC


def write_packed(packed: Path) -> Path:
    """Write the folder in one step, so that no process ever sees half of it; returns it."""
    draft = Path(tempfile.mkdtemp(prefix="static-", dir=packed.parent))
    try:
        fill(draft)
        draft.rename(packed)
    except OSError:
        shutil.rmtree(draft)
        if not packed.is_dir():  # else another process created it first
            raise
    return packed


def lighten(path: Path) -> bytes:
    """A file's content; a style's or script's without comments and blanks that mean nothing, a twentieth of a first visit's weight.

    In a script, a comment begins its line, and no text spans lines. In a style, no text has a brace, a comma, a colon, or a semicolon.
    """
    if path.suffix not in COMMENTS:
        return path.read_bytes()
    text = INDENTATION.sub("", COMMENTS[path.suffix].sub("", path.read_text()))
    return (LOOSE.sub(r"\1", text).replace(";}", "}") if path.suffix == ".css" else text).encode()


def fill(draft: Path) -> None:
    """Copy the files, lightened, and compress what compresses well."""
    shutil.copytree(STATIC, draft, dirs_exist_ok=True)
    for path in [path for path in draft.rglob("*") if path.suffix in COMPRESSED]:
        path.write_bytes(lighten(path))
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
        path.with_name(f"{path.name}.br").write_bytes(brotli.compress(path.read_bytes(), quality=11))
