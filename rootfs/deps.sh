#!/bin/sh
# deps.sh build|test|run|package …: installs the packages of the named lists; does nothing, and needs no root, when all are there.
# The one place where package names and the suite stand.
#
# mosquitto: the package's own service opens an anonymous listener. It is not started by the installation, nor at the
# next boot; one that was in use before is left alone and reported.
set -eu

suite=bookworm

build='cmake ninja-build gcc libc6-dev pkg-config git ca-certificates
libwebsockets-dev libwolfssl-dev libmosquitto-dev mosquitto-dev libuv1-dev libargon2-dev libzstd-dev libqrencode-dev
libcurl4-openssl-dev libssl-dev libjansson-dev libsqlite3-dev libcunit1-dev'
run='mosquitto libwebsockets-evlib-uv openssl ca-certificates procps'
tests='clang clang-format clang-tidy libclang-rt-14-dev mosquitto-clients sqlite3 curl iproute2 nftables chromium libfaketime'
package='dpkg-dev file' # for rootfs/package.sh
# For the page (web-ui/tool.sh); a machine with node and npm from elsewhere keeps them.
page='nodejs npm'
{ command -v node && command -v npm; } >/dev/null && page=''

say() { printf '%s\n' "deps: $*" >&2; }

wanted=''
[ $# -gt 0 ] || { say "usage: deps.sh build|test|run|package …"; exit 2; }
for list in "$@"; do
    case $list in
    build) wanted="$wanted $build $page" ;;
    run) wanted="$wanted $run" ;;
    package) wanted="$wanted $package" ;;
    test) wanted="$wanted $build $page $run $package $tests" ;;
    *) say "no such list: $list"; exit 2 ;;
    esac
done

missing=''
broker_before=''
for package in $wanted; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) in
    installed) ;;
    *) missing="$missing $package" ;;
    esac
done

# The port of the package's own service, 1883 = 075B, in state LISTEN; asked of the kernel, since systemd may be absent.
broker_listens() {
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -qE '^ *[0-9]+: [0-9A-F]+:075B [0-9A-F]+:0000 0A '
}
if broker_listens; then
    say "a broker listens on port 1883: it was in use before and is left alone"
    broker_before=yes
fi
[ -n "$missing" ] || exit 0

codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
[ "$codename" = "$suite" ] || say "these lists are for Debian $suite, this is '$codename': going on"
[ "$(id -u)" = 0 ] || { say "must be root to install:$missing"; exit 1; }

broker_new=''
case " $missing " in *' mosquitto '*) broker_new=yes ;; esac

# While we install, no package may start a service; a policy that is there already is the administrator's.
policy=/usr/sbin/policy-rc.d
made_policy=''
forget_policy() {
    [ -z "$made_policy" ] || rm -f "$policy"
    made_policy=''
}
# Once, and however we end: a next run would find the package installed, and take its service for one that was in use.
switched_off=''
switch_off_broker() {
    [ -n "$broker_new" ] && [ -z "$switched_off" ] || return 0
    switched_off=yes
    [ -e /lib/systemd/system/mosquitto.service ] || return 0
    if [ -d /run/systemd/system ]; then
        systemctl disable --now --quiet mosquitto.service || say "mosquitto.service could not be switched off"
    elif command -v deb-systemd-helper >/dev/null; then
        deb-systemd-helper disable mosquitto.service >/dev/null 2>&1 || true
        update-rc.d mosquitto disable >/dev/null 2>&1 || true
    fi
}
trap 'forget_policy; switch_off_broker' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if [ ! -e "$policy" ]; then
    made_policy=yes
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 0755 "$policy"
fi

say "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
apt() {
    apt-get -q -o DPkg::Lock::Timeout=300 -o APT::Install-Recommends=false "$@" >"$log" 2>&1 </dev/null || {
        cat "$log" >&2
        rm -f "$log"
        say "apt-get $1 failed"
        exit 1
    }
}
apt update
# shellcheck disable=SC2086 # a list of words
apt install --yes $missing
rm -f "$log"
forget_policy

switch_off_broker
if [ -n "$broker_new" ] && [ -z "$broker_before" ] && broker_listens; then
    say "a broker listens on port 1883 although its service is switched off"
    exit 1
fi
