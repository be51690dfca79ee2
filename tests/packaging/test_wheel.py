"""The wheel holds everything that it takes to start: commands, migrations, pages, static files, gunicorn's configuration."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv

import pytest

from tests.support.processes import ROOT
from tests.support.server import START_SECONDS, STOP_SECONDS, free_port

NEEDED = ("portal", "setup.cfg", "pyproject.toml")
SERVE = ("-m", "gunicorn", "-c", "python:portal.gunicorn_conf", "portal.wsgi:app")


def run(*command, **options):
    """Returns what a command printed; fails with its own words."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def installed(tmp_path):
    """The programs' folder of an environment that has the wheel, and beside it the packages of this one."""
    source, environment = tmp_path / "source", tmp_path / "environment"
    for name in NEEDED:  # built from a copy: setuptools leaves its own folders beside the source
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        source.mkdir(exist_ok=True)
        copy(ROOT / name, source / name)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", tmp_path, source)
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin" / "python"
    run(*pip, "--python", python, "install", "--no-deps", "--no-index", *tmp_path.glob("*.whl"))
    site_packages = next(environment.glob("lib/python*/site-packages"))
    (site_packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


@contextlib.contextmanager
def served(programs, folder, environment):
    """Yields the address of the installed portal."""
    port = free_port()
    place = {"HOST": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": "1"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([programs / "python", *SERVE], cwd=folder, env=environment | place, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def read(address):
    """Returns a page as soon as somebody serves it."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=START_SECONDS) as answer:  # noqa: S310 (an address of ours)
                return answer.read().decode()
        except OSError:
            assert time.monotonic() < deadline, "the installed portal did not start"
            time.sleep(0.1)


@pytest.mark.long
def test_the_wheel_starts_away_from_the_repository(installed, tmp_path):
    environment = {"PATH": os.defpath, "HOME": str(tmp_path), "PORTAL_INSTANCE": str(tmp_path / "instance")}
    inside = {"cwd": tmp_path, "env": environment}
    assert str(installed.parent) in run(installed / "python", "-c", "import portal; print(portal.__file__)", **inside)
    run(installed / "medximity-portal", "db", "upgrade", **inside)
    assert run(installed / "medximity-portal", "queue", "status", **inside) == "There are no texts and no emails.\n"
    with served(installed, tmp_path, environment) as address:
        page = read(f"{address}/sign-in")
        style = re.search(r'href="(/static/[^"]+\.css[^"]*)"', page)[1]
        assert "Username" in page
        assert "keep them" in read(f"{address}/help/backup-codes")
        assert "{" in read(address + style)
