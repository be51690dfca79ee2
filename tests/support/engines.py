"""The two other engines: WebKit, which iPhones browse with, and Firefox. Both are driven by Selenium, each in a home of its own.

WebKitGTK brings its driver. Firefox's driver, geckodriver, is in none of the registries, and only translates Selenium's HTTP to the
protocol that Firefox itself speaks; `Marionette` does that for the commands that a walk needs.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from selenium.webdriver.firefox.options import Options as FirefoxOptions
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.webkitgtk.options import Options as WebKitOptions
from selenium.webdriver.webkitgtk.service import Service

START_SECONDS = 30
STOP_SECONDS = 10
PHONE = (390, 750)
# Selenium's names -> Firefox's.
COMMANDS = {
    "newSession": "WebDriver:NewSession",
    "get": "WebDriver:Navigate",
    "goBack": "WebDriver:Back",
    "w3cExecuteScript": "WebDriver:ExecuteScript",
    "clickElement": "WebDriver:ElementClick",
    "clearElement": "WebDriver:ElementClear",
    "sendKeysToElement": "WebDriver:ElementSendKeys",
    "screenshot": "WebDriver:TakeScreenshot",
    "printPage": "WebDriver:Print",
    "addCookie": "WebDriver:AddCookie",
    "deleteAllCookies": "WebDriver:DeleteAllCookies",
    "setWindowRect": "WebDriver:SetWindowRect",
    "setTimeouts": "WebDriver:SetTimeouts",
    "quit": "Marionette:Quit",
}
PREFERENCES = {
    "marionette.port": 0,  # any that is free
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.download.folderList": 2,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.newtabpage.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "security.sandbox.content.level": 0,
}


class Marionette:
    """Takes Selenium's commands to a Firefox, in the place of a driver."""

    def __init__(self, port):
        self.number = 0
        self.line = socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS)
        self.answers = self.line.makefile("rb")
        self._read()  # its greeting

    def execute(self, command, params):
        """Returns Selenium's form of an answer: a value, or the status and value of an error."""
        self.number += 1
        message = json.dumps([0, self.number, COMMANDS[command], {k: v for k, v in params.items() if k != "sessionId"}]).encode()
        self.line.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._read()
        if error:
            return {"status": error["error"], "value": error}
        return {"value": result["value"] if isinstance(result, dict) and set(result) == {"value"} else result}

    def close(self):
        """Hangs up."""
        self.answers.close()
        self.line.close()

    def _read(self):
        size = b"".join(iter(lambda: self.answers.read(1), b":"))
        return json.loads(self.answers.read(int(size)))


@contextlib.contextmanager
def firefox(home):
    """Yields a WebDriver of a Firefox without a window, which saves files in `home`."""
    profile = home / "profile"
    profile.mkdir()
    preferences = {**PREFERENCES, "browser.download.dir": str(home)}
    written = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
    (profile / "user.js").write_text("\n".join(written))
    command = ["firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", str(profile)]
    with started(command, home) as process:
        port = profile / "MarionetteActivePort"
        wait_for(lambda: port.exists() and port.read_text(), process)
        line = Marionette(int(port.read_text()))
        try:
            yield WebDriver(line, options=FirefoxOptions())
        finally:
            line.close()


@contextlib.contextmanager
def webkit(home):
    """Yields a WebDriver of a WebKitGTK as wide as a phone, which saves files in `home`."""
    folders = home / ".config"
    (folders / "gtk-3.0").mkdir(parents=True)
    # GTK's own buttons would make the window wider than a phone.
    (folders / "gtk-3.0" / "gtk.css").write_text("* { min-width: 0; padding: 0; margin: 0; }")
    (folders / "user-dirs.dirs").write_text(f'XDG_DOWNLOAD_DIR="{home}"\n')
    with started(["Xvfb", "-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], home, "display") as process:
        display = home / "display"
        wait_for(lambda: display.read_text().endswith("\n"), process)
        # Its sandbox needs namespaces that containers don't have.
        environment = surroundings(home) | {
            "DISPLAY": f":{display.read_text().strip()}",
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
        }
        options = WebKitOptions()
        options.binary_location = str(next(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser")))
        options.add_argument("--automation")
        service = Service(shutil.which("WebKitWebDriver"), env=environment, log_output=str(home / "driver.log"))
        service.start()
        try:
            driver = WebDriver(
                RemoteConnection(client_config=ClientConfig(remote_server_addr=service.service_url)), options=options
            )
            driver.set_window_size(*PHONE)
            yield driver
            driver.quit()
        finally:
            service.stop()


def surroundings(home):
    """Returns the environment of a browser that knows no other home."""
    return {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "XDG_CACHE_HOME": str(home / ".cache")}


@contextlib.contextmanager
def started(command, home, out="browser.log"):
    """Yields a running program, which ends with the block; what it says goes to a file in `home`."""
    with (home / out).open("w") as file, (home / "errors.log").open("w") as errors:
        process = subprocess.Popen(command, stdout=file, stderr=errors, stdin=subprocess.DEVNULL, env=surroundings(home))
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(condition, process):
    """Waits until a program that was started is ready."""
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert process.poll() is None and time.monotonic() < deadline, f"{process.args[0]} did not start"
        time.sleep(0.02)
