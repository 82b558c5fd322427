#!/bin/sh
# test_package.sh BUILD: makes the Debian packages of what BUILD holds, looks into them, and runs the gateway from where
# they put it.
set -u
build=$1
source=$(cd "$(dirname "$0")/../../.." && pwd)
scratch=$(mktemp -d "${GW_TEST_ROOT:-/var/tmp}/package.XXXXXX") || exit 2
chmod 0755 "$scratch"
gateway=''
clean_up() {
    [ -z "$gateway" ] || kill -KILL "$gateway" 2>/dev/null
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 143' TERM INT
status=0

# result NAME: of the command before it
result() {
    if [ $? = 0 ]; then
        echo "ok - package: $1"
    else
        echo "not ok - package: $1"
        status=1
    fi
}

(cd "$build" && cpack -B "$scratch/out") >"$scratch/log" 2>&1 || cat "$scratch/log"
[ "$(find "$scratch/out" -maxdepth 1 -name '*.deb' | wc -l)" = 3 ]
result "three packages are built"
[ $status = 0 ] || exit 1
deb() { echo "$scratch"/out/"$1"_*.deb; }

# Each file with its mode, in the order of the names; the manual's pages are many and alike.
for name in gatehouse gatehouse-agent gatehouse-fleet; do
    dpkg-deb --fsys-tarfile "$(deb $name)" | tar -tvf - | grep -v '/$' |
        awk '{ path = $6; for (i = 7; i <= NF; i++) path = path " " $i; print $1, $2, path }' |
        grep -v '/docs/[a-z]*\.md$' | LC_ALL=C sort -k3 >"$scratch/files"
    diff "$source/tests/golden/package/$name" "$scratch/files"
    result "$name holds what it should, and all of it is root's"
done

depends() { dpkg-deb -f "$(deb "$1")" Depends; }
depends gatehouse | grep -q wolfssl && ! depends gatehouse-agent | grep -q wolfssl && ! depends gatehouse-fleet | grep -q wolfssl
result "only the gateway brings wolfSSL"
depends gatehouse | grep -q 'mosquitto, libwebsockets-evlib-uv'
result "the gateway brings what it starts and what is loaded later"

dpkg-deb -e "$(deb gatehouse)" "$scratch/control"
(
    for script in preinst postinst prerm postrm; do
        sh -n "$scratch/control/$script" || exit 1
        [ -x "$scratch/control/$script" ] || exit 1
    done
)
result "its scripts are scripts"
[ "$(cat "$scratch/control/conffiles")" = /etc/gatehouse/gatehouse.toml ]
result "its configuration stays as its owner wrote it"

root=$scratch/root
umask 022
dpkg-deb -x "$(deb gatehouse)" "$root"
chmod 0755 "$root"
program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$root/usr/lib/systemd/system/gatehouse.service")
[ -n "$program" ] && [ -x "$root$program" ]
result "its unit starts what is there"
"$root/usr/bin/gatehoused" --config "$root/etc/gatehouse/gatehouse.toml" --check-config >"$scratch/log" 2>&1 || {
    cat "$scratch/log"
    false
}
result "its configuration is one"

sed 's/^port = .*/port = 0/' "$root/etc/gatehouse/gatehouse.toml" >"$scratch/gatehouse.toml"
mkfifo "$scratch/pipe"
"$root/usr/bin/gatehoused" --config "$scratch/gatehouse.toml" --state "$scratch/state" 2>"$scratch/pipe" </dev/null &
gateway=$!
exec 3<"$scratch/pipe"
ready=1
while read -r line <&3; do # ends with the gateway
    echo "$line" >>"$scratch/said"
    case $line in *'supervisor: ready') ready=0 && break ;; esac
done
cat <&3 >>"$scratch/said" &
[ $ready = 0 ] || cat "$scratch/said"
[ $ready = 0 ]
result "the gateway starts from where its package puts it"
"$root/usr/bin/gatehouse" --socket "$scratch/state/run/admin/admin.sock" status >"$scratch/log" 2>&1
result "its command line finds it"
kill "$gateway" && wait "$gateway"
result "it ends cleanly"
gateway=''
exit $status
