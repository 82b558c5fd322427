#!/bin/sh
# One command from a fresh Debian to a running gateway: installs what is needed, builds, starts the gateway with a demo
# fleet of simulated devices, shows where it is and how to claim it. Ctrl-C stops all that it started.
#
#   --devices N     size of the demo fleet (default 20)      --no-fleet     none
#   --state DIR     where the state lies (default build/up)  --port P       operators P, devices P+1, MQTT P+2; 0 = free
#   --for SECONDS   stop by itself, also in the background   --background   return when it is up; prints how to stop it
#
# As root each part gets a user of its own; as another user all run as that user, and only root can claim. What is
# stopped goes on where it was when it is started on the same state again.
set -eu
usage() {
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
top=$(cd "$(dirname "$0")/.." && pwd)
umask 022
home=/var/lib/gatehouse-up # programs and state, where the checkout is closed to the gateway's users
devices=20 state='' port=9443 seconds='' background='' given_port=''
while [ $# -gt 0 ]; do
    case $1 in
    --devices) devices=${2:?} && shift ;;
    --no-fleet) devices=0 ;;
    --state) state=${2:?} && shift ;;
    --port) port=${2:?} given_port=1 && shift ;;
    --for) seconds=${2:?} && shift ;;
    --background) background=1 ;;
    *) usage ;;
    esac
    shift
done
case $devices$port$seconds in *[!0-9]*) usage ;; esac

say() { printf '%s\n' "$*"; }

# quietly command …: what it says matters only when it fails.
scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
quietly() {
    "$@" >"$scratch" 2>&1 </dev/null || {
        tail -n 40 "$scratch" >&2
        exit 1
    }
}

sh "$top/rootfs/deps.sh" build run
[ "$(id -u)" != 0 ] || sh "$top/rootfs/users.sh"
say "building ..."
build=$top/build/release bin=$top/build/release/bin
quietly cmake -S "$top" --preset release
quietly cmake --build "$build" --target gatehoused gatehouse-keyd gatehouse gatehouse-agent gatehouse-fleet gatehouse_broker

# As root the gateway runs as users of its own. Below a directory that is closed to others, as /root is, they could not
# start its programs.
reaches() { [ "$(id -u)" != 0 ] || setpriv --reuid="$1" --regid="$1" --clear-groups test "$2" "$3"; }
if ! reaches gatehouse-keys -x "$bin/gatehouse-keyd" || ! reaches gatehouse-broker -r "$bin/gatehouse_broker.so"; then
    say "the gateway's users cannot enter $top: its programs go to $home/bin"
    mkdir -p "$home/bin"
    for program in gatehoused gatehouse-keyd gatehouse gatehouse-agent gatehouse-fleet gatehouse_broker.so; do
        install -m 0755 "$bin/$program" "$home/bin/"
    done
    bin=$home/bin
    state=${state:-$home/state}
fi
state=${state:-$top/build/up}
mkdir -p "$state" && state=$(cd "$state" && pwd)
[ "$port" = 0 ] && p1=0 p2=0 || p1=$((port + 1)) p2=$((port + 2))
[ -n "$given_port" ] || { p1=8443 p2=8883; }
cat >"$state/gatehouse.toml" <<EOF
[gateway]
names = ["localhost", "127.0.0.1"]
[operators]
port = $port
[devices]
port = $p1
max = $((devices + 2000))
[mqtt]
port = $p2
EOF
chmod 0644 "$state/gatehouse.toml"

# Each is started in a session of its own: a terminal's Ctrl-C comes to us alone, and we stop them.
pids=''
stop_all() {
    trap - INT TERM HUP EXIT
    rm -f "$scratch"
    for pid in $pids; do # the fleet first: its logs end acknowledged
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    say "stopped"
}
trap 'stop_all; exit 0' INT TERM HUP
trap stop_all EXIT

# In the background: the same after $seconds. A number that another program has by then is left alone.
stop_later() {
    trap '' INT HUP
    trap 'kill "$nap"; exit 0' TERM
    sleep "$seconds" &
    nap=$!
    wait "$nap"
    for pid in $pids; do
        case $(cat "/proc/$pid/comm" 2>/dev/null) in gatehouse*) ;; *) continue ;; esac
        kill "$pid" 2>/dev/null || continue
        tries=0
        while grep -q '^State:.[^Z]' "/proc/$pid/status" 2>/dev/null && [ $tries -lt 150 ]; do
            tries=$((tries + 1))
            sleep 0.2
        done
    done
}

setsid "$bin/gatehoused" --config "$state/gatehouse.toml" --state "$state" </dev/null >"$state/gatehoused.log" 2>&1 &
gateway=$!
pids=$gateway
socket=$state/run/admin/admin.sock
tries=0
until "$bin/gatehouse" --socket "$socket" status >/dev/null 2>&1; do
    tries=$((tries + 1))
    if ! kill -0 "$gateway" 2>/dev/null || [ $tries -gt 300 ]; then
        say "the gateway did not start:" && tail -n 20 "$state/gatehoused.log"
        exit 1
    fi
    sleep 0.2
done
gatehouse() { "$bin/gatehouse" --socket "$socket" "$@"; }
status=$(gatehouse --json status)
# fact key: a number or a word of the status
fact() { printf '%s\n' "$status" | sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p"; }

# The demo's vendor: a key and two signed releases, made once, for a rollout by hand. Nobody trusts the key yet.
demo=$state/demo
demo_release() {
    [ ! -f "$demo/release-$1.tar" ] || return 0
    head -c 262144 /dev/urandom >"$demo/demo.img"
    cat >"$demo/manifest.json" <<EOF
{"product":"demo","version":"$1","release_counter":$2,"security_floor":0,"channel":"stable","hardware":["simulated"],
 "expires_at":"2099-01-01T00:00:00Z","artifacts":[{"name":"demo.img","format":"raw"}]}
EOF
    quietly "$bin/gatehouse" release sign --manifest "$demo/manifest.json" --key "$demo/vendor.key" \
        --out "$demo/release-$1.tar" "$demo/demo.img"
}
if [ "$devices" -gt 0 ]; then
    mkdir -p "$demo"
    [ -f "$demo/vendor.key" ] || quietly "$bin/gatehouse" release keygen --out "$demo/vendor.key"
    demo_release 1.0.0 1
    demo_release 1.1.0 2
    : >"$demo/behaviour.toml"
    [ "$devices" -lt 10 ] || cat >"$demo/behaviour.toml" <<EOF
# Who misbehaves when it is updated, and how: docs/fleet.md. Read when the fleet starts.
[fails_install]
devices = ["7"]
[boots_old]
devices = ["9"]
[slow_download]
share_pct = 10
bytes_per_second = 65536
[deal]
seed = 1
EOF
fi

fleet=''
if [ "$devices" -gt 0 ]; then
    setsid "$bin/gatehouse-fleet" --devices "$devices" --name demo --gateway "127.0.0.1:$(fact port_devices)" \
        --mqtt-port "$(fact port_mqtt)" --admin-socket "$socket" --state "$state/fleet" --logs-per-second "$devices" \
        --event-bytes 130 \
        --product demo --release 1.0.0 --vendor-key "$demo/vendor.pub" --behaviour "$demo/behaviour.toml" \
        --figures 60 </dev/null >>"$state/fleet.log" 2>&1 &
    fleet=$!
    pids="$fleet $pids"
fi

say ""
gatehouse status
say ""
say "operators  https://localhost:$(fact port_operators)/"
say "shell      $bin/gatehouse --socket $socket status"
say "log        $state/gatehoused.log"
[ "$(fact port_mqtt)" = 8883 ] || say "agents     an agent's file needs, beside its invitation:
           [gateway]
           mqtt_port = $(fact port_mqtt)"
[ -z "$fleet" ] || say "fleet      $devices devices, $state/fleet.log; they enrol once the gateway is claimed"
[ -z "$fleet" ] || say "releases   $demo: vendor.pub, release-1.0.0.tar (what the fleet runs), release-1.1.0.tar"
say ""
if [ "$(fact claimed)" = true ]; then
    say "claimed already: sign in"
elif [ "$(id -u)" = 0 ]; then
    gatehouse claim --stdout
else
    say "not claimed: root makes the code with \`$bin/gatehouse --socket $socket claim\`"
fi
say ""
if [ -n "$background" ]; then
    trap - INT TERM HUP EXIT
    rm -f "$scratch"
    [ -z "$seconds" ] || {
        stop_later </dev/null >/dev/null 2>&1 &
        pids="$! $pids"
        say "stops by itself after $seconds s"
    }
    say "running in the background; stop it with: kill $pids"
    exit 0
fi
if [ -n "$seconds" ]; then
    sleep "$seconds" &
    pids="$pids $!"
    wait $! || true
    exit 0
fi
say "Ctrl-C stops it."
wait "$gateway" || true
say "the gateway ended by itself:" && tail -n 20 "$state/gatehoused.log"
exit 1
