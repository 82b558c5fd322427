#include "release_kit.h"

#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"

static void set_file(struct release_file *file, const char *name, const char *hardware)
{
    (void)snprintf(file->name, sizeof(file->name), "%s", name);
    (void)snprintf(file->format, sizeof(file->format), "raw");
    (void)snprintf(file->hardware, sizeof(file->hardware), "%s", hardware);
    file->size = 1000;
    memset(file->sha256.bytes, name[0], GW_SHA256_LEN);
}

struct release *kit_release(void)
{
    struct release *r = gw_xalloc(1, sizeof(*r));
    (void)snprintf(r->product, sizeof(r->product), "pump");
    (void)snprintf(r->version, sizeof(r->version), "2.1.0");
    (void)snprintf(r->channel, sizeof(r->channel), "stable");
    (void)snprintf(r->min_version, sizeof(r->min_version), "1.5");
    r->release_counter = 21;
    r->security_floor = 18;
    r->fix_count = 1;
    (void)snprintf(r->fixes[0], sizeof(r->fixes[0]), "CVE-2026-1234");
    r->hardware_count = 2;
    (void)snprintf(r->hardware[0], sizeof(r->hardware[0]), "rev-a");
    (void)snprintf(r->hardware[1], sizeof(r->hardware[1]), "rev-b");
    r->artifact_count = 2;
    set_file(&r->artifacts[0], "all.swu", "");
    set_file(&r->artifacts[1], "b.swu", "rev-b");
    set_file(&r->sbom, "sbom.json", "");
    r->released_at.ms = INT64_C(1790000000000);
    r->expires_at.ms = INT64_C(1800000000000);
    return r;
}
