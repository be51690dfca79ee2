"""The units for systemd: valid, locked up, and with commands that start the portal where it is installed and stop it in order."""

import shlex
import signal
import subprocess
import sysconfig
from datetime import timedelta
from pathlib import Path

import pytest

from portal import clock
from tests.support.application import application
from tests.support.outbox import put_texts, row_of, until
from tests.support.processes import ROOT
from tests.support.server import STOP_SECONDS, Server

UNITS = ROOT / "docs" / "deployment"
INSTALLED, HERE = "/opt/portal/bin", sysconfig.get_path("scripts")
MOST_EXPOSED = "15"  # tenths, of ten; systemd calls what is below two "OK"


def unit(name):
    """Returns a unit's text with the programs of the tests."""
    text = (UNITS / name).read_text()
    assert text.count(INSTALLED + "/") == 1
    return text.replace(INSTALLED + "/", HERE + "/")


def started(name, site, environment):
    """Starts a unit's command in another folder than the repository; returns the process and its log."""
    lines = dict(line.split("=", 1) for line in unit(name).splitlines() if line.startswith("ExecStart="))
    log = site.folder / f"{name}.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            shlex.split(lines["ExecStart"]),
            cwd=site.folder,
            env=environment | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    return process, log


def test_a_command_runs_with_the_settings_of_the_services_and_as_nobody_else(tmp_path):
    """The options are ones that systemd-run has, and the properties are lines that systemd reads, as the units have them."""
    words = shlex.split((UNITS / "portal-command.sh").read_text().partition("exec systemd-run ")[2].replace("\\\n", " "))
    [program] = [word for word in words if word.startswith(INSTALLED)]
    known = subprocess.run(["systemd-run", "--help"], capture_output=True, text=True, check=True).stdout
    assert [word for word in words if word.startswith("--") and word.partition("=")[0] not in known] == []
    lines = [word.removeprefix("--property=") for word in words if word.startswith("--property=")]
    file = tmp_path / "command.service"
    file.write_text("\n".join(["[Service]", *lines, f"ExecStart={HERE}/{Path(program).name}"]))
    done = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    of_services = set((UNITS / "portal.service").read_text().splitlines())
    assert {*lines, "User=" + words[words.index("--collect") + 1].partition("=")[2]} <= of_services


@pytest.mark.parametrize("name", ["portal.service", "portal-worker.service"])
def test_systemd_finds_nothing_wrong_and_calls_it_locked_up(tmp_path, name):
    (tmp_path / name).write_text(unit(name))
    for command in (["verify"], ["security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager"]):
        done = subprocess.run(["systemd-analyze", *command, tmp_path / name], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert command[0] == "security" or done.stderr == ""


@pytest.mark.long
@pytest.mark.once("asks how processes start and stop")
def test_what_they_start_runs_and_stops_in_order(site):
    server = Server(site)
    pages, words = started("portal.service", site, server.environment)
    worker, log = started("portal-worker.service", site, site.environment)
    try:
        assert until(server.answers), words.read_text()
        with application(site) as app:
            sent = put_texts(app, clock.now(), ["123456 is your Medximity code"], timedelta(minutes=5))
            assert until(lambda: row_of(app, sent[0]).state == "sent", 90), log.read_text()
        for process in (pages, worker):
            process.send_signal(signal.SIGTERM)
        assert [pages.wait(STOP_SECONDS), worker.wait(STOP_SECONDS)] == [0, 0]
    finally:
        for process in (pages, worker):
            process.kill()
            process.wait()
    assert not Path(site.folder, "instance").exists(), "a folder of its own was made where it was started"
