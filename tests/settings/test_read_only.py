"""A read-only container: the code belongs to somebody else and can't be written, only the instance folder and temporary files can."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from portal.settings import serving
from portal.settings.addresses import SettingError
from tests.support.collector import running_collector
from tests.support.processes import ROOT
from tests.support.server import Server
from tests.support.wire import Wire

# Whoever is root may write everywhere, unless it gives that up.
AS_OTHERS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"] if os.geteuid() == 0 else []


class ReadOnlyServer(Server):
    """A server whose code lies in a folder that nobody may write to."""

    def __init__(self, site, code, **settings):
        super().__init__(site, 1, **settings)
        self.code = code

    def launch(self, words):
        command = [*AS_OTHERS, sys.executable, "-m", *words]
        with self.log.open("a") as log:
            return subprocess.Popen(
                command,
                cwd=self.code,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


@pytest.fixture
def code(tmp_path):
    """A copy of the code without permission to write."""
    folder = tmp_path / "code"
    shutil.copytree(ROOT / "portal", folder / "portal", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("wsgi.py", "gunicorn.conf.py"):
        shutil.copy(ROOT / name, folder / name)
    everything = [folder, *folder.rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder
    for path in everything:
        if path.is_dir():
            path.chmod(0o755)


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.long
def test_the_portal_runs_from_code_that_it_may_not_write(site, code, tmp_path):
    assert subprocess.run([*AS_OTHERS, "touch", str(code / "new")], capture_output=True, check=False).returncode != 0
    before = files(code)
    with contextlib.closing(contextlib.ExitStack()) as stack:
        collector = stack.enter_context(running_collector())
        server = ReadOnlyServer(site, code, PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=str(code), PORTAL_TRACES_URL=collector.url)
        stack.callback(server.kill)
        server.start()
        assert Wire(server).sign_in("maria").location == "/home"
        assert Wire(server).get("/static/portal.css").status == 200
        assert server.stop() == 0 and collector.spans()
    assert files(code) == before and "Traceback" not in server.log.read_text()


def test_without_a_folder_for_temporary_files_the_start_says_so(monkeypatch):
    def nowhere():
        raise FileNotFoundError(2, "No usable temporary directory found")

    assert serving.find_heartbeat_folder() == serving.MEMORY
    monkeypatch.setattr(serving, "MEMORY", "/nowhere")
    assert serving.find_heartbeat_folder() is None and Path(tempfile.gettempdir()).is_dir()
    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    with pytest.raises(SettingError, match=r"^TMPDIR: no folder for temporary files"):
        serving.find_heartbeat_folder()
