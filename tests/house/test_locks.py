"""The lock files cover the requirements in setup.cfg, with hashes."""

import configparser
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.house.source import modules

ROOT = Path(__file__).parents[2]
RUNTIME = {
    "requirements.lock": ["install_requires"],
    "requirements-production.lock": ["install_requires", "postgres", "redis"],
    "requirements-traces.lock": ["install_requires", "postgres", "redis", "otel"],
    "requirements-test-bench.lock": ["install_requires", "test-bench"],
    "requirements-dev.lock": ["install_requires", "dev", "postgres", "redis", "otel", "test-bench"],
}
ELSEWHERE = {"gunicorn", "alembic"}  # started as a program; imported by the migrations


def lines(key):
    """Returns the lines under one key of setup.cfg, one package each."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    section = "options" if key == "install_requires" else "options.extras_require"
    found = [line.strip() for line in settings[section][key].splitlines()]
    return [line for line in found if line and not line.startswith("medximity-portal")]


def asked(key):
    """Returns the package names under one key of setup.cfg, in lowercase."""
    return {re.match(r"[\w.-]+", line)[0].lower() for line in lines(key)}


@pytest.mark.parametrize("key", ["install_requires", "postgres", "redis", "otel", "test-bench", "dev"])
def test_setup_cfg_gives_a_range_and_the_lock_alone_the_one_version(key):
    assert [line for line in lines(key) if not re.fullmatch(r"[\w.\[\],-]+ == (\d+\.)+\*", line)] == []


def locked(name):
    """Returns package -> number of hashes in a lock file."""
    parts = re.split(r"^(?=[a-z0-9].*==)", (ROOT / name).read_text(), flags=re.MULTILINE)
    return {part.split("==")[0].split("[")[0]: part.count("--hash=sha256:") for part in parts if "==" in part.splitlines()[0]}


@pytest.mark.parametrize("lock", RUNTIME)
def test_a_lock_holds_everything_that_setup_cfg_asks_for(lock):
    wanted = set().union(*(asked(key) for key in RUNTIME[lock]))
    assert wanted - set(locked(lock)) == set()


@pytest.mark.parametrize("lock", [*RUNTIME, "requirements-audit.lock"])
def test_every_package_of_a_lock_has_a_hash(lock):
    assert [name for name, hashes in locked(lock).items() if not hashes] == []


READ_FONTS = """
import sys, fpdf
from portal.flows.operator.bench.camera import find_text, take_picture
from portal.methods.totp import draw_qr
assert find_text(take_picture(draw_qr("x"))) == "x"
sys.exit("PIL._imagingft" in sys.modules)
"""


def test_the_part_of_pillow_that_reads_fonts_is_not_loaded():
    """It brings a Brotli of its own, which is older than the locked one (CVE-2026-111497)."""
    assert subprocess.run([sys.executable, "-c", READ_FONTS], cwd=ROOT, check=False).returncode == 0


def test_nothing_is_asked_for_that_the_portal_does_not_import():
    imported = {name.split(".")[0] for module in modules() for _, name in module.imports()}
    homes = packages_distributions()
    used = {re.sub(r"[._]", "-", home).lower() for name in imported for home in homes.get(name, [])}
    assert asked("install_requires") - used - ELSEWHERE == set()
