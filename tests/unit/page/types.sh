#!/bin/sh
# The page and its tests under TypeScript's strict rules, and svelte's own (accessibility among them); warnings count.
cd "$(dirname "$0")/../../.." || exit 2
check() {
    name=$1
    shift
    if out=$(sh web-ui/tool.sh node "$@" 2>&1); then
        echo "ok - page types: $name"
    else
        printf '%s\n' "$out" | sed 's/^/#   /'
        echo "not ok - page types: $name"
        status=1
    fi
}
status=0
check "the page" web-ui/node_modules/svelte-check/bin/svelte-check --workspace web-ui --tsconfig tsconfig.json \
    --fail-on-warnings --output human
check "its tests" web-ui/node_modules/typescript/bin/tsc -p web-ui/tsconfig.tests.json
exit $status
