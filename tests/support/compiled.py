"""Caches compiled templates in a folder of the run, so that each template is compiled once per run."""

import os
import shutil
import tempfile

from flask import Flask
from jinja2 import FileSystemBytecodeCache

FOLDER = "COMPILED_TEMPLATES"  # the environment variable with the folder, for the run's workers and their fork servers


def pytest_configure(config):
    """Creates the folder in the run's first process, and removes it at the end."""
    if FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="templates-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(FOLDER), ignore_errors=True))
    share()


def share():
    """Makes every app in this process and its forks use the cache."""
    if FOLDER in os.environ:
        Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": FileSystemBytecodeCache(os.environ[FOLDER])}
