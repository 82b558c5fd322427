#!/bin/sh
# Product code is finished or not there; nothing speaks of one machine or of where packages come from.
. "$(dirname "$0")/../lib.sh"

{
    tracked '^(gateway|protocols|storage|web-ui|rootfs)/' | xargs -r grep -nHIE \
        '(^|[^A-Za-z])(TODO|FIXME|XXX|HACK)([^A-Za-z]|$)|[Ff]or now([^A-Za-z]|$)|[Nn]ot (yet )?implemented|[Cc]oming soon' |
        sed 's/^\([^:]*:[0-9]*:\).*/\1 unfinished: say what is, or do it/'
    tracked | xargs -r grep -nHIE '(^|[^A-Za-z0-9_.-])/(work|home)/[A-Za-z0-9_.]' |
        sed 's/^\([^:]*:[0-9]*:\).*/\1 a path of one machine/'
    tracked | xargs -r grep -nHIE '(registry\.[a-z]+|npmjs|pypi|crates|pkg\.go|artifactory|nexus[a-z0-9.-]*)\.(org|com|io|dev|net|local|internal)' |
        sed 's/^\([^:]*:[0-9]*:\).*/\1 the host of a package registry/'
} | verdict
