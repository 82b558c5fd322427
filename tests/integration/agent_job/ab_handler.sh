#!/bin/sh
# An update handler for a device with two slots, a and b, which are directories below the one that this script lies in.
# Files: primary (the slot to boot next), good (the slot that was confirmed last), active (the slot that runs), boots
# (how often it has booted). A boot loader would choose the slot; here whoever plays the reboot does.
set -eu
cd "$(dirname "$0")/device"
case $1 in
verify)
    [ "$(head -c 6 "$2")" = "IMAGE " ] || { echo "this is no image" >&2; exit 1; }
    ;;
install)
    echo "$GATEHOUSE_ATTEMPT" >>installs
    [ ! -e worn_out ] || { echo "the flash is worn out" >&2; exit 1; }
    while [ -e hold_install ]; do sleep 0.05; done
    other=b
    [ "$(cat active)" = a ] || other=a
    cp "$2" "$other/image"
    sync "$other/image"
    echo "$other" >primary
    ;;
reboot)
    echo asked >>reboots
    ;;
confirm)
    cat active >good
    ;;
fallback)
    cat good >primary
    echo fallback >>fallbacks
    ;;
running)
    head -n 1 "$(cat active)/image" | cut -d ' ' -f 2
    echo "boot-$(cat boots)"
    ;;
*)
    echo "no such verb: $1" >&2
    exit 64
    ;;
esac
