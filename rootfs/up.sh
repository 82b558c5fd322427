#!/bin/sh
# One command from a fresh Debian to a running gateway: installs what is needed, builds, starts the gateway with a demo
# fleet of real agents, shows where it is and how to claim it. Ctrl-C stops all that it started.
#
#   --devices N     size of the demo fleet (default 5)       --no-fleet     none
#   --state DIR     where the state lies (default build/up)  --port P       operators P, devices P+1, MQTT P+2; 0 = free
#   --for SECONDS   stop by itself                            --background   return when it is up; prints how to stop it
set -eu
usage() {
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
top=$(cd "$(dirname "$0")/.." && pwd)
devices=5 state=$top/build/up port=9443 seconds='' background='' given_port=''
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
sh "$top/rootfs/deps.sh" build run
sh "$top/rootfs/users.sh"
say "building ..."
cmake -S "$top" --preset release >"$top/build.log.$$" 2>&1 || { cat "$top/build.log.$$"; rm -f "$top/build.log.$$"; exit 1; }
rm -f "$top/build.log.$$"
cmake --build "$top/build/release" --target gatehoused gatehouse-keyd gatehouse gatehouse-agent gatehouse_broker >/dev/null
bin=$top/build/release/bin

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
max = 2000
[mqtt]
port = $p2
EOF
chmod 0644 "$state/gatehouse.toml"

pids=''
stop_all() {
    trap - INT TERM EXIT
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    for pid in $pids; do wait "$pid" 2>/dev/null || true; done
    say "stopped"
}
trap 'stop_all; exit 0' INT TERM
trap stop_all EXIT

"$bin/gatehoused" --config "$state/gatehouse.toml" --state "$state" 2>"$state/gatehoused.log" &
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
mqtt_port=$(gatehouse --json status | sed -n 's/.*"port_mqtt":\([0-9]*\).*/\1/p')

i=0
while [ "$i" -lt "$devices" ]; do
    i=$((i + 1))
    id=$(printf 'demo-%03d' "$i")
    dir=$state/fleet/$id
    mkdir -p "$dir"
    if [ ! -f "$dir/agent.toml" ]; then
        gatehouse device invite "$id" --out "$dir/invitation" >/dev/null
        cat >"$dir/agent.toml" <<EOF
invitation = "$dir/invitation"
[gateway]
mqtt_port = $mqtt_port
[state]
dir = "$dir/state"
EOF
    fi
    "$bin/gatehouse-agent" --config "$dir/agent.toml" </dev/null 2>>"$dir/agent.log" &
    pids="$pids $!"
done

say ""
gatehouse status
say ""
gatehouse claim --stdout || say "already claimed: sign in"
say ""
if [ -n "$background" ]; then
    trap - INT TERM EXIT
    say "running in the background; stop it with: kill $pids"
    exit 0
fi
if [ -n "$seconds" ]; then
    sleep "$seconds" &
    wait $! || true
    exit 0
fi
say "Ctrl-C stops it."
wait "$gateway"
