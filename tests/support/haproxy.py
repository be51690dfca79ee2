"""HAProxy in front of portals, as docs/deployment/haproxy.cfg configures it."""

from tests.support.proxy import DOCUMENTED, Proxy, filled_in, running

PROGRAM = "/usr/sbin/haproxy"


class Haproxy(Proxy):
    """HAProxy, in one process."""

    def write(self, *ports):
        both = self.folder / "both.pem"
        both.write_bytes(self.certificate.read_bytes() + self.key.read_bytes())
        text = filled_in(
            (DOCUMENTED / "haproxy.cfg").read_text(),
            ("bind :443", f"bind 127.0.0.1:{self.port}"),
            ("/etc/haproxy/portal.pem", str(both)),
            ("log /dev/log local0", "log stdout format raw local0"),
            ("server one 127.0.0.1:5000", "\n    ".join(f"server portal{at} 127.0.0.1:{port}" for at, port in enumerate(ports))),
            times=1,
        )
        file = self.folder / "haproxy.cfg"
        file.write_text(text)
        return file

    def command(self, file):
        return [PROGRAM, "-db", "-f", file]


def running_haproxy(folder, *ports):
    """Yields HAProxy in front of portals."""
    return running(Haproxy(folder), *ports)
