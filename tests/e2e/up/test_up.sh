#!/bin/sh
# test_up.sh: rootfs/up.sh as a person runs it: it shows an address, the server key's SHA-256 and a claim code, with which
# the gateway is claimed and the demo fleet enrols; and all that it started ends with it.
set -u
top=$(cd "$(dirname "$0")/../../.." && pwd)
if [ "$(id -u)" != 0 ]; then
    echo "skip - up: all of it # only root can claim a gateway"
    exit 0
fi
scratch=$(mktemp -d "${GW_TEST_ROOT:-/var/tmp}/up.XXXXXX") || exit 2
chmod 0755 "$scratch"
home=/var/lib/gatehouse-up # where up.sh puts the programs of a checkout that is closed to the gateway's users
[ -e $home ] || made_home=yes
stop='' watched=''
clean_up() {
    # shellcheck disable=SC2086 # a list of numbers
    [ -z "$stop$watched" ] || kill $stop $watched 2>/dev/null
    [ -z "${made_home:-}" ] || rm -rf $home
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 143' TERM INT
status=0

# result NAME: of the command before it
result() {
    if [ $? = 0 ]; then
        echo "ok - up: $1"
    else
        echo "not ok - up: $1"
        sed 's/^/#   /' "$scratch/out"
        status=1
    fi
}
# within command …: it succeeds at last; the limit is for what fails
within() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || return 1
        sleep 0.2
    done
}
has() { grep -q "$1" "$scratch/out"; }
# pick: the first word of the output that matches
pick() { grep -oE "$1" "$scratch/out" | head -n 1; }
listens() { grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6; }
is_free() { ! listens "$1"; }
ended() {
    for pid in "$@"; do
        ! kill -0 "$pid" 2>/dev/null || return 1
    done
}

# ---- in the background, with a fleet --------------------------------------------------------------------------------

sh "$top/rootfs/up.sh" --port 0 --devices 3 --state "$scratch/state" --background --for 600 >"$scratch/out" 2>&1
result "it starts and goes to the background"
port=$(pick '^operators +https://localhost:[0-9]+/$' | grep -oE '[0-9]+')
key=$(pick '[0-9a-f]{64}')
code=$(pick '[a-z2-7]{4}(-[a-z2-7]{4}){3}')
stop=$(sed -n 's/.*stop it with: kill //p' "$scratch/out")
[ -n "$port" ] && [ -n "$key" ] && [ -n "$code" ] && [ -n "$stop" ]
result "it shows an address, a key's SHA-256, a claim code and how to stop it"
[ $status = 0 ] || exit 1
shell() { "$(pick '/[^ ]*/gatehouse ' | tr -d ' ')" --socket "$scratch/state/run/admin/admin.sock" "$@"; }

served=$(openssl s_client -connect "localhost:$port" </dev/null 2>/dev/null | openssl x509 -pubkey -noout |
    openssl pkey -pubin -outform DER | sha256sum | cut -c1-64)
[ "$served" = "$key" ]
result "the key is that of the server at the address"
claimed=$(curl -sk -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -H 'X-GW-CSRF: setup' \
    -H "Origin: https://localhost:$port" "https://localhost:$port/api/v1/claim" \
    -d "{\"code\":\"$code\",\"name\":\"ann\",\"password\":\"correct horse battery\"}")
[ "$claimed" = 200 ]
result "the code claims it"
fleet_is_up() { shell --json status 2>/dev/null | grep -q '"online":3[,}]'; }
within fleet_is_up
result "the demo fleet enrols and connects"
[ -f "$scratch/state/demo/vendor.pub" ] && [ -f "$scratch/state/demo/release-1.1.0.tar" ]
result "a vendor and a release for it are there"
# shellcheck disable=SC2086 # a list of numbers
kill $stop
# shellcheck disable=SC2086
within ended $stop && is_free "$port"
result "the command that it shows ends all of it"
stop=''

# ---- in the foreground, on ports of one's own ------------------------------------------------------------------------

first=0
for try in 1 2 3 4 5 6 7 8 9 10; do
    first=$((20000 + ($$ * 7 + try * 1013) % 12000)) # below those that the kernel gives away
    is_free $first && is_free $((first + 1)) && is_free $((first + 2)) && break
done
env --default-signal=INT setsid sh "$top/rootfs/up.sh" --port $first --no-fleet --state "$scratch/state" >"$scratch/out" 2>&1 &
watched=$!
within has '^Ctrl-C stops it' && has '^claimed already'
result "it goes on with a state that was claimed"
facts=$(shell --json status)
echo "$facts" | grep -q "\"port_operators\":$first" && echo "$facts" | grep -q "\"port_devices\":$((first + 1))" &&
    echo "$facts" | grep -q "\"port_mqtt\":$((first + 2))"
result "--port P is operators, P+1 devices, P+2 MQTT"
kill -INT $watched
wait $watched
[ $? = 0 ] && has '^stopped' && is_free $first && is_free $((first + 1)) && is_free $((first + 2))
result "Ctrl-C stops all that it started"
watched=''
sh "$top/rootfs/up.sh" --port 0 --no-fleet --state "$scratch/state" --for 1 >"$scratch/out" 2>&1 && has '^stopped'
result "--for ends it by itself"
sh "$top/rootfs/up.sh" --prot 0 >"$scratch/out" 2>&1
[ $? = 2 ] && has 'no-fleet'
result "a wrong option shows what there is"
exit $status
