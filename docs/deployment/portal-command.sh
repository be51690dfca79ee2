#!/bin/sh
# One command of the portal, with the settings and the rights of its services, as /usr/local/sbin/portal. As portal-owner, a link to the same
# file, it signs in to the database as the owner of the tables: for migrations, rights, and whatever deletes events.
#
#   portal queue status
#   portal-owner db upgrade
set -eu

owner=""
[ "${0##*/}" = portal-owner ] && owner="--property=EnvironmentFile=/etc/portal/owner" # read last, so that it counts
# On a terminal it can ask for a password; in a pipe, or from cron, it reads and writes what it is given.
exec systemd-run --quiet --pipe --pty --wait --collect --uid=portal --working-directory=/var/lib/portal \
    --property=StateDirectory=portal --property=StateDirectoryMode=0700 --property=UMask=0077 \
    --setenv=PORTAL_INSTANCE=/var/lib/portal --property=EnvironmentFile=/etc/portal/environment ${owner:+"$owner"} \
    /opt/portal/bin/medximity-portal "$@"
