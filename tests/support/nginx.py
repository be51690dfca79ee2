"""nginx in front of portals, as docs/deployment/nginx.conf configures it: TLS ends there, and it reads whole requests."""

from tests.support.proxy import DOCUMENTED, Proxy, filled_in, running

AROUND = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {log};
events {{ worker_connections 1000; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {documented}
}}
"""


class Nginx(Proxy):
    """nginx, in one process."""

    def write(self, *ports):
        documented = filled_in(
            (DOCUMENTED / "nginx.conf").read_text(),
            ("listen 443", f"listen 127.0.0.1:{self.port}"),
            ("/etc/ssl/portal.pem", str(self.certificate)),
            ("/etc/ssl/portal.key", str(self.key)),
            ("server 127.0.0.1:5000 fail_timeout=2s;", "\n".join(f"server 127.0.0.1:{port} fail_timeout=2s;" for port in ports)),
        )
        file = self.folder / "nginx.conf"
        file.write_text(AROUND.format(folder=self.folder, log=self.log, documented=documented))
        return file

    def command(self, file):
        return ["/usr/sbin/nginx", "-p", self.folder, "-e", self.log, "-c", file]


def running_nginx(folder, *ports):
    """Yields nginx in front of portals."""
    return running(Nginx(folder), *ports)
