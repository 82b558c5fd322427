#!/bin/sh
# users.sh [CONF]: makes the users and groups of CONF (default: usr/lib/sysusers.d/gatehouse.conf beside this file) without
# needing systemd-sysusers. Run as root; what is there already stays as it is.
set -eu
conf=${1:-$(cd "$(dirname "$0")" && pwd)/usr/lib/sysusers.d/gatehouse.conf}
while read -r kind name rest; do
    case $kind in
    u)
        getent passwd "$name" >/dev/null && continue
        home=${rest##* }
        useradd --system --user-group --no-create-home --home-dir "$home" --shell /usr/sbin/nologin "$name"
        ;;
    g) getent group "$name" >/dev/null || groupadd --system "$name" ;;
    esac
done <"$conf"
