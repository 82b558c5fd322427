#!/bin/sh
# Headers of libraries stay in their rooms, so that a library can be exchanged in one folder (docs/architecture.md).
. "$(dirname "$0")/../lib.sh"

tracked '\.[ch]$' | xargs -r awk '
BEGIN {
    room["^wolfssl/"] = "^protocols/crypto/"
    room["^openssl/"] = "^protocols/(web/tls_peer\\.c|bulk_hash/|broker_plugin/|agent/)"
    room["^sqlite3"] = "^storage/db/"
    room["^mosquitto"] = "^protocols/(mqtt|broker_plugin|agent)/"
    room["^libwebsockets"] = "^protocols/web/"
    room["^curl/"] = "^(protocols/agent|gateway/cli)/"
    room["^uv\\.h"] = "^(gateway/app|protocols/mqtt|protocols/web)/"
    room["^jansson"] = "^protocols/wire/"
    room["^zstd"] = "^storage/journal/"
    room["^argon2"] = "^protocols/crypto/"
    room["^qrencode"] = "^gateway/cli/"
    room["^CUnit/"] = "^$"
}
/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
    name = $0
    sub(/^[^<"]*[<"]/, "", name)
    sub(/[>"].*/, "", name)
    if (name ~ /^wolfssl\/openssl\//)
        printf "%s:%d: <%s> clashes with the real OpenSSL headers\n", FILENAME, FNR, name
    if (FILENAME ~ /^tests\//) # a test may look from outside with any library
        next
    for (header in room)
        if (name ~ header && FILENAME !~ room[header])
            printf "%s:%d: <%s> does not belong here\n", FILENAME, FNR, name
}
' | verdict
