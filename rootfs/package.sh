#!/bin/sh
# Builds the Debian packages of rootfs/CMakeLists.txt from the release build: build/release/packages/*.deb.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
sh "$top/rootfs/deps.sh" build package
umask 022
cd "$top"
cmake --preset release
cmake --build --preset release --target gatehoused gatehouse-keyd gatehouse gatehouse-agent gatehouse-fleet \
    gatehouse_broker default_config
cd build/release && cpack
