"""The floor: a minimal Flask app with SQLAlchemy and Jinja. One indexed SELECT, one page of 2 KB.

It also handles a form with one password hash, the least that a sign-in can cost.
"""

import os
from pathlib import Path

from argon2 import PasswordHasher
from flask import Flask, render_template, request
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert, select

from portal.settings import config

ROWS = 1000
PAGE_BYTES = 2048
PASSWORD = "harbor-lantern-2026"

metadata = MetaData()
pages = Table(
    "pages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(32), unique=True),
    Column("title", String(64)),
    Column("text", String(PAGE_BYTES)),
)


def create_floor(folder: Path) -> Flask:
    """Create the app, on a SQLite file in `folder` that fill() has written."""
    app = Flask(__name__)
    engine = create_engine(f"sqlite:///{folder / 'floor.sqlite3'}")
    hasher = PasswordHasher(config.ARGON2_PASSES, config.ARGON2_MEMORY_KIB, config.ARGON2_LANES)
    stored = hasher.hash(PASSWORD)

    @app.get("/page/<name>")
    def page(name):
        query = select(pages.c.title, pages.c.text).where(pages.c.name == name)
        with engine.connect() as connection:
            row = connection.execute(query).one()
        return render_template("floor.html", title=row.title, text=row.text)

    @app.post("/page/<name>")
    def password(name):
        hasher.verify(stored, request.form["password"])
        return page(name)

    return app


def fill(folder: Path) -> None:
    """Create the table and its rows."""
    engine = create_engine(f"sqlite:///{folder / 'floor.sqlite3'}")
    metadata.create_all(engine)
    frame = 260  # bytes of the template without its text
    rows = [{"name": f"page-{at}", "title": f"Page {at}", "text": "All values are as usual. " * 72} for at in range(ROWS)]
    assert abs(frame + len(rows[0]["text"]) - PAGE_BYTES) < PAGE_BYTES / 50
    with engine.begin() as connection:
        connection.execute(insert(pages), rows)


if "PORTAL_INSTANCE" in os.environ:
    app = create_floor(Path(os.environ["PORTAL_INSTANCE"]))
