#!/bin/sh
# The `ruko` command of the installed office: as the service's user, with the service's settings.
set -eu
set -a
RUKO_DATA_DIR=/var/lib/ruko
if [ -r /etc/ruko.env ]; then . /etc/ruko.env; fi
set +a
cd /
exec runuser -u ruko -- /opt/ruko/bin/ruko "$@"
