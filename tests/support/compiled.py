"""Compiles each template once in a run: what one process of the portal has compiled, the next one reads from a folder of the run."""

import os
import shutil
import tempfile

from flask import Flask
from jinja2 import FileSystemBytecodeCache

FOLDER = "COMPILED_TEMPLATES"  # the environment variable that names it, to the workers of a run and to their fork servers


def pytest_configure(config):
    """Makes the folder in the process that began the run, and takes it away at the end."""
    if FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="templates-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(FOLDER), ignore_errors=True))
    share()


def share():
    """Lets every application of this process, and of its forks, read and write there."""
    if FOLDER in os.environ:
        Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": FileSystemBytecodeCache(os.environ[FOLDER])}
