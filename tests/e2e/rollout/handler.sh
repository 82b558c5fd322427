#!/bin/sh
# An update handler for a device whose slots are files beside this script: active and next hold a version each, boots
# counts the boots, good is the version that was confirmed last. Whoever plays the reboot makes next active.
set -eu
cd "$(dirname "$0")"
case $1 in
verify)
    [ "$(wc -c <"$2")" -gt 0 ]
    ;;
install)
    [ ! -e worn_out ] || { echo "the flash is worn out" >&2; exit 1; }
    sha256sum "$2" >>installs
    echo "$GATEHOUSE_VERSION" >next
    ;;
reboot)
    echo asked >>reboots
    ;;
confirm)
    cp active good
    ;;
fallback)
    cp good next
    ;;
running)
    cat active
    echo "boot-$(cat boots)"
    ;;
*)
    exit 64
    ;;
esac
