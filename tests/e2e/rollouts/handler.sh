#!/bin/sh
# The update handler of the reference agent in test_rollouts.c: notes what it begins, and takes its time.
set -eu
cd "$(dirname "$0")"
case $1 in
install)
    echo "$GATEHOUSE_ATTEMPT" >>installs
    sleep 2
    ;;
running)
    echo 0.9.0
    echo first-boot
    ;;
verify | reboot | confirm | fallback) ;;
*)
    echo "no such verb: $1" >&2
    exit 64
    ;;
esac
