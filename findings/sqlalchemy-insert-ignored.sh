#!/bin/sh
# SQLAlchemy's listeners of an engine: insert=True is taken without a word, and the listener comes last all the same.
#
# Expected (written before the run): event.listen(engine, "begin", second, insert=True) after event.listen(engine, "begin", first) calls
# `second` before `first`, as the documentation of event.listen() says of `insert`, and as events of the pool do it.
#
# Seen on 30 November 2026 with SQLAlchemy 2.1.9, Python 3.11: `first` is called first. Events of the pool ("connect") keep to it; those of the
# connection ("begin", "commit", "before_cursor_execute", and the others of ConnectionEvents) drop the argument. So a listener that has to stand
# before another one, such as to measure it, is registered for the class Engine, whose listeners come first.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check sqlalchemy==2.1.9
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from sqlalchemy import create_engine, event

print("sqlalchemy", version("sqlalchemy"))
engine, called = create_engine("sqlite://"), {"connect": [], "begin": []}
for name, heard in called.items():
    event.listen(engine, name, lambda *_, heard=heard: heard.append("first"))
    event.listen(engine, name, lambda *_, heard=heard: heard.append("second, with insert"), insert=True)
with engine.begin():
    pass
for name, heard in called.items():
    print(f"{name}: {heard}")
expected = {"connect": ["second, with insert", "first"], "begin": ["first", "second, with insert"]}
sys.exit(0 if called == expected else "The behavior has changed.")
PYTHON
