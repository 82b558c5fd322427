/*
 * fleet_options: the command line of gatehouse-fleet.
 *
 * Values only; paths and texts are borrowed from argv.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent_dsse.h"
#include "gw_err.h"
#include "invitation.h"

#define FLEET_DEVICES_MAX 100000
#define FLEET_WINDOW_MAX  16
#define FLEET_NAME_MAX    40

struct fleet_options {
    uint32_t devices;
    uint32_t first;            /* number of the first device: several processes share one fleet */
    char name[FLEET_NAME_MAX]; /* devices are called "<name>-00001" … */
    char host[INVITATION_HOST_MAX + 1];
    uint16_t https_port;
    uint16_t mqtt_port;
    const char *state_dir;
    const char *invitations;  /* directory; NULL: none */
    const char *admin_socket; /* NULL: none */
    const char *behaviour;    /* file; NULL: all behave */
    uint64_t events_per_s;    /* of the whole fleet */
    bool saturate;            /* as fast as acknowledgements allow; events_per_s is unused then */
    uint32_t batch;           /* events */
    uint32_t event_bytes;
    uint32_t window;       /* batches in flight per device */
    uint32_t check_every;  /* every n-th device keeps a tree and checks what the gateway says; 0: none */
    uint32_t connect_rate; /* connects begun per second, at most */
    uint32_t workers;      /* threads that enrol */
    uint32_t seconds;      /* of load, then stop; 0: until a signal */
    uint32_t figures_s;    /* seconds between two lines of figures; 0: none */
    const char *product, *hardware, *release;       /* of the inventory; what runs before the first update */
    const char *vendor_keys[AGENT_VENDOR_KEYS_MAX]; /* files: whose releases are taken */
    size_t vendor_key_count;
    const char *handler_journal; /* file; NULL: "<state>/handlers" */
    const char *ledger;          /* file; NULL: none */
    uint32_t install_ms, reboot_ms;
    uint64_t artifact_bytes; /* only so many of each, and no digest is checked; 0: all */
    bool no_download;
    bool together; /* load begins when every device has a session */
    bool json;     /* a report on stdout at the end */
};

/* GW_INVALID: err says what; GW_CANCELLED: --help or --version was asked for and has been answered. */
GW_MUST_CHECK enum gw_rc fleet_options_parse(int argc, char **argv, struct fleet_options *ret_options,
                                             struct gw_err *err);
