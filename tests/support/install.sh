#!/bin/sh
# Installs the programs that the tests hold against the portal and that pip cannot bring.
set -eu

# "cluster": what `make cluster` and `make faults` start besides.
cluster=""
[ "${1:-}" = cluster ] && cluster="/usr/bin/etcd:etcd-server patroni:patroni patroni:python3-etcd /usr/lib/postgresql/15/bin/postgres:postgresql-15 "
missing=""
for pair in $cluster chromium:chromium chromium-headless-shell:chromium-headless-shell zbarimg:zbar-tools oathtool:oathtool redis-server:redis-server pdftotext:poppler-utils /usr/sbin/bearerbox:kannel /usr/lib/kannel/test/fakesmsc:kannel-extras /usr/sbin/nginx:nginx /usr/sbin/pgbouncer:pgbouncer /usr/sbin/haproxy:haproxy systemd-analyze:systemd WebKitWebDriver:webkit2gtk-driver Xvfb:xvfb firefox-esr:firefox-esr; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
[ -z "$missing" ] && exit 0

give_up() {
    echo "The tests need these programs:$missing. $1" >&2
    exit 1
}

command -v apt-get >/dev/null 2>&1 || give_up "There is no apt-get here: install them by hand and run the tests again."
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1; then
    as_root="sudo"
else
    give_up "Installing them takes an administrator: apt-get install$missing"
fi

export DEBIAN_FRONTEND=noninteractive
echo "Installing$missing"
$as_root apt-get update -q || give_up "The package lists could not be read (see above)."
# shellcheck disable=SC2086 # one word a package
$as_root apt-get install -y -q --no-install-recommends $missing || give_up "They could not be installed (see above)."
