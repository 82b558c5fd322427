#!/bin/sh
# The page runs under a strict content security policy: no style attribute in words, no markup from text, no code from
# text, nothing inline in index.html. Screens and parts ask the gateway through web-ui/src/lib alone.
. "$(dirname "$0")/../lib.sh"

tracked '^web-ui/.*\.(svelte|ts|js|mjs|html)$' | xargs -r awk '
function breach(why) { printf "%s:%d: %s\n", FILENAME, FNR, why }
/(^|[^:A-Za-z-])style="[^"{]*"/ { breach("a style attribute: use a class, or style:property") }
/\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write/ { breach("markup made from text") }
/(^|[^A-Za-z_.])eval *\(|new Function *\(|set(Timeout|Interval) *\( *["\047`]/ { breach("code made from text") }
FILENAME ~ /\.html$/ && /<style|[ \t]on[a-z]+=|<script>/ { breach("inline in index.html") }
FILENAME ~ /\.svelte$/ && /(^|[^A-Za-z_.])fetch *\(|XMLHttpRequest|new WebSocket/ { breach("asks the gateway outside of lib") }
' | verdict
