/* What all simulated devices share for their updates. */
#include <fcntl.h>

#include "fleet_update.h"
#include "gw_cleanup.h"

static void make_configs(struct fleet_updates *all)
{
    const struct fleet_options *o = all->options;
    all->config = (struct agent_config){.update_threshold = 1,
                                        .update_kinds = 1u << JOB_UPDATE | 1u << JOB_ROLLBACK,
                                        .update_handler = "simulated",
                                        .update_max_bytes = RELEASE_FILE_BYTES_MAX,
                                        .install_timeout_ms = GW_HOUR_MS,
                                        .reboot_timeout_ms = GW_HOUR_MS,
                                        .confirm_timeout_ms = 10 * GW_MINUTE_MS};
    (void)snprintf(all->config.product, sizeof(all->config.product), "%s", o->product);
    (void)snprintf(all->config.hardware, sizeof(all->config.hardware), "%s", o->hardware);
    (void)snprintf(all->config.release, sizeof(all->config.release), "%s", o->release);
    all->refusal_config = all->config;
    all->refusal_config.update_kinds = 0;
}

static enum gw_rc open_journal(struct fleet_updates *all, struct gw_err *err)
{
    char path[512];
    if (all->options->handler_journal)
        (void)snprintf(path, sizeof(path), "%s", all->options->handler_journal);
    else
        (void)snprintf(path, sizeof(path), "%s/handlers", all->options->state_dir);
    all->journal_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    return all->journal_fd < 0 ? gw_err_sys(err, "%s", path) : GW_OK;
}

enum gw_rc fleet_updates_open(struct fleet_updates *all, const struct fleet_options *options,
                              const struct fleet_behaviour *behaviour, struct fleet_update_stats *stats,
                              struct gw_err *err)
{
    *all = (struct fleet_updates){.options = options, .behaviour = behaviour, .stats = stats, .journal_fd = -1};
    agent_report_kernel_boot(all->kernel_boot);
    make_configs(all);
    enum gw_rc rc = open_journal(all, err);
    for (size_t i = 0; !rc && i < options->vendor_key_count; i++)
        rc = agent_vendor_keys_add(&all->keys, options->vendor_keys[i], err);
    return rc ? rc : fleet_fetches_new(&all->fetches, err);
}

void fleet_updates_close(struct fleet_updates *all)
{
    fleet_fetches_free(all->fetches);
    all->fetches = NULL;
    agent_vendor_keys_done(&all->keys);
    gw_cleanup_fd(&all->journal_fd);
}
