/*
 * bench_kit: what the benches of a whole gateway share. Figures are printed, nothing is judged; a bench that cannot run
 * ends the program.
 */
#pragma once

#include "gw_gateway.h"

#define BENCH_LIMIT_MS 180000

extern bool bench_quick; /* one run of each, and short: to see that it works */

/* A claimed gateway for so many devices, its flushes slower by flush_ms. */
void bench_gateway_start(struct gw_gateway *g, unsigned devices, unsigned flush_ms);

/* What a gateway's processes have used so far. */
struct bench_use {
    double daemon_s, broker_s, keyd_s;                 /* CPU */
    double fleet_s;                                    /* CPU of all children that have ended */
    long daemon_kb, broker_kb, keyd_kb, supervisor_kb; /* resident */
    double at_s;
};
struct bench_use bench_use(const struct gw_gateway *g);

/* Flushes (fsync, fdatasync) of gatehoused so far, by file; of the gateway that was started last. */
struct bench_flushes {
    uint64_t journal_wal, journal_db, state_wal, state_db, other;
};
struct bench_flushes bench_flushes(void);
/* When flush n of state.db-wal, one of the last 64, ended; on the clock of bench_now_s(). */
double bench_state_flushed_s(uint64_t n);

double bench_now_s(void);
double bench_cpu_s(pid_t pid);
/* The fleet runs until it says this. */
void bench_await(struct gw_fleet *f, const char *text);
void bench_end(struct gw_fleet *f); /* waits for its end */
/* A fleet of this gateway that has its certificates and is gone. */
void bench_enrol(const struct gw_gateway *g, struct gw_fleet *fleet, const char *devices);
double bench_median(double *values, size_t count); /* sorts them */
double bench_percentile(double *values, size_t count, double pct);
void bench_fail(const char *what, const char *why) __attribute__((noreturn));

void bench_ingest(void);
void bench_ingest_0(void);
void bench_ingest_5(void);
void bench_ingest_30(void);
void bench_sessions(void);
void bench_rest(void);
void bench_revoke(void);
void bench_pages(void);
int bench_admin(const struct gw_gateway *g); /* a connection to the admin socket */
/* Asks there for an act on the device, which takes no body. */
void bench_act(int admin, const char *device, const char *act);
