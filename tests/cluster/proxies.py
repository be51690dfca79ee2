"""What stands between: HAProxy finds PostgreSQL's primary, PgBouncer shares its connections, and nginx shares the requests.

The pool does not know which server is the primary. It connects to HAProxy, which asks each Patroni twice a second whether its
PostgreSQL is (`GET /primary`), passes connections to that one alone, and cuts those to one that no longer is.
"""

import re

from tests.cluster.daemon import ROOT, Daemon, belongs_to_nobody

HAPROXY = """
global
    maxconn 500
defaults
    mode tcp
    timeout connect 2s
    timeout client 1h
    timeout server 1h
    timeout check 2s
listen primary
    bind 127.0.0.1:{port}
    option httpchk GET /primary
    http-check expect status 200
    default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
{servers}
"""
NGINX = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {documented}
}}
"""


def make_haproxy(folder, port, nodes):
    """Returns HAProxy in front of the nodes of PostgreSQL."""
    (folder := folder / "haproxy").mkdir()
    servers = "\n".join(f"    server {node.name} 127.0.0.1:{node.port} check port {node.rest_port}" for node in nodes)
    (folder / "haproxy.cfg").write_text(HAPROXY.format(port=port, servers=servers))
    command = ["haproxy", "-db", "-f", folder / "haproxy.cfg"]
    return Daemon("haproxy", "leads to PostgreSQL's primary", command, folder, port)


def make_pgbouncer(folder, port, primary_port, password):
    """Returns PgBouncer, which pools transactions of the portal: docs/deployment's configuration, with HAProxy for the server."""
    (folder := folder / "pgbouncer").mkdir()
    belongs_to_nobody(folder)
    users = folder / "userlist.txt"
    users.write_text(f'"portal" "{password}"\n')
    users.chmod(0o600)
    text = (ROOT / "docs" / "deployment" / "pgbouncer.ini").read_text()
    for given, here in (
        ("port=5432", f"port={primary_port}"),
        ("listen_port = 6432", f"listen_port = {port}"),
        ("/var/log/postgresql/pgbouncer.log", ""),
        ("/var/run/postgresql/pgbouncer.pid", ""),
        ("/etc/pgbouncer/userlist.txt", str(users)),
    ):
        text = replaced(text, given, here)
    (folder / "pgbouncer.ini").write_text(text)
    belongs_to_nobody(users)
    what = "shares connections to PostgreSQL among all processes, transaction by transaction"
    return Daemon("pgbouncer", what, ["pgbouncer", folder / "pgbouncer.ini"], folder, port, unprivileged=True)


def replaced(text, given, here):
    """Returns a documented configuration with something of this machine in it."""
    assert given in text, f"the documented configuration has no {given.strip()}"
    return text.replace(given, here)


def make_nginx(folder, port, ports):
    """Returns nginx in front of the application servers: docs/deployment's configuration, without TLS on loopback."""
    (folder := folder / "nginx").mkdir()
    text = (ROOT / "docs" / "deployment" / "nginx.conf").read_text()
    text = re.sub(r"^ *(ssl_|server_name).*\n", "", text, flags=re.MULTILINE)
    for given, here in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port}"),
        ("server 127.0.0.1:5000 fail_timeout=2s;", " ".join(f"server 127.0.0.1:{each} fail_timeout=2s;" for each in ports)),
        ("Host $host;", "Host $http_host;"),
        ("limit_conn people 50;", "limit_conn people 500;"),
    ):
        text = replaced(text, given, here)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, documented=text))
    command = ["nginx", "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"]
    return Daemon("nginx", "the door: shares requests among the application servers", command, folder, port)
