"""The portal's own processes in the cluster: application servers and workers."""

import contextlib
import http.client
import sys

from tests.cluster.daemon import ROOT, Daemon


class ApplicationServer(Daemon):
    """gunicorn with its processes. `code` is the folder with wsgi.py: this repository, or a copy with something new in it."""

    code = ROOT

    def launch(self):
        self.command = [
            sys.executable,
            "-m",
            "gunicorn",
            "--chdir",
            self.code,
            "-c",
            self.code / "gunicorn.conf.py",
            "tests.cluster.stepped:app",
        ]
        self.environment |= {"PYTHONPATH": f"{self.code}:{ROOT}"}  # the portal of the copy, and the tests of this repository
        return super().launch()

    def is_ready(self):
        """Returns whether it can serve, by its own word."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/readyz?exclude=queue")
            return connection.getresponse().status == 200
        return False

    def step_clock(self, seconds):
        """Steps this server's clock to so many seconds ahead of the machine's."""
        fresh = self.folder / "clock.new"
        fresh.write_text(str(seconds))
        fresh.replace(self.folder / "clock")


def make_server(folder, name, port, environment, processes):
    """Returns an application server."""
    (folder := folder / name).mkdir()
    place = {"HOST": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": str(processes)}
    server = ApplicationServer(name, f"gunicorn, {processes} processes with eight threads each", [], folder, port)
    server.environment = environment | place | {"CLUSTER_CLOCK": str(folder / "clock")}
    server.step_clock(0)
    return server


def make_worker(folder, name, environment):
    """Returns a worker, which delivers texts and emails."""
    (folder := folder / name).mkdir()
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "queue", "work"]
    return Daemon(name, "delivers texts and emails", command, folder, environment=environment)
