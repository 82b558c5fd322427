/* Answers about vendor keys and releases. */
#include "rest_internal.h"

static void put_key(struct json_writer *w, const struct vendor_key *key)
{
    json_put_object(w, NULL);
    json_put_str(w, "keyid", key->keyid);
    json_put_str(w, "name", key->name);
    json_put_time(w, "added", key->added);
    json_put_end(w);
}

void rest_put_keys(struct json_writer *w, const struct answer *a)
{
    if (a->single && a->key_count == 1) {
        put_key(w, &a->keys[0]);
        return;
    }
    json_put_object(w, NULL);
    json_put_array(w, "keys");
    for (size_t i = 0; i < a->key_count; i++)
        put_key(w, &a->keys[i]);
    json_put_end(w);
    json_put_end(w);
}

static void put_file(struct json_writer *w, const struct release_entry_file *f)
{
    json_put_object(w, NULL);
    json_put_str(w, "name", f->file.name);
    json_put_str(w, "role", release_role_text(f->role));
    json_put_str(w, "format", f->file.format);
    json_put_hex(w, "sha256", f->file.sha256.bytes, GW_SHA256_LEN);
    json_put_i64(w, "size", (int64_t)f->file.size);
    json_put_str(w, "for", f->file.hardware[0] ? f->file.hardware : NULL);
    json_put_end(w);
}

static void put_trust(struct json_writer *w, const struct answer_release *r)
{
    json_put_array(w, "signers");
    for (size_t i = 0; i < r->entry.signer_count; i++)
        json_put_str(w, NULL, r->entry.signers[i]);
    json_put_end(w);
    json_put_i64(w, "trusted_signers", r->trusted_signers);
    json_put_i64(w, "threshold", r->threshold);
    json_put_bool(w, "trusted", r->trusted_signers >= r->threshold);
}

static void put_release(struct json_writer *w, const struct answer_release *r, const struct answer *a)
{
    const struct release_entry *e = &r->entry;
    json_put_object(w, NULL);
    json_put_str(w, "id", e->id);
    json_put_str(w, "product", e->product);
    json_put_str(w, "version", e->version);
    json_put_i64(w, "release_counter", (int64_t)e->release_counter);
    json_put_i64(w, "security_floor", (int64_t)e->security_floor);
    json_put_str(w, "channel", e->channel);
    json_put_bool(w, "security_only", e->security_only);
    json_put_str(w, "state", release_state_text(e->state));
    json_put_time_or_null(w, "damaged", e->damaged);
    json_put_time(w, "released_at", e->released_at);
    json_put_time(w, "expires_at", e->expires_at);
    json_put_time(w, "imported", e->imported);
    json_put_str(w, "imported_by", e->imported_by);
    json_put_time(w, "changed", e->changed);
    json_put_i64(w, "bytes", (int64_t)e->bytes);
    json_put_i64(w, "file_count", e->file_count);
    put_trust(w, r);
    json_put_u64_text(w, "rev", (uint64_t)e->rev);
    if (a->single) {
        json_put_array(w, "files");
        for (size_t i = 0; i < a->file_count; i++)
            put_file(w, &a->files[i]);
        json_put_end(w);
    }
    json_put_end(w);
}

void rest_put_releases(struct json_writer *w, const struct answer *a)
{
    if (a->single && a->release_count == 1) {
        put_release(w, &a->releases[0], a);
        return;
    }
    json_put_object(w, NULL);
    json_put_array(w, "releases");
    for (size_t i = 0; i < a->release_count; i++)
        put_release(w, &a->releases[i], a);
    json_put_end(w);
    rest_put_next(w, a, a->release_count ? a->releases[a->release_count - 1].entry.id : NULL);
    json_put_end(w);
}

void rest_put_import(struct json_writer *w, const struct answer *a)
{
    const struct import_status *s = &a->import;
    json_put_object(w, NULL);
    json_put_bool(w, "running", s->running);
    json_put_bool(w, "verifying", s->verifying);
    json_put_str(w, "by", s->running ? s->by : NULL);
    json_put_str(w, "file", s->file[0] ? s->file : NULL);
    json_put_i64(w, "bytes", (int64_t)s->bytes);
    json_put_i64(w, "total", (int64_t)s->total);
    json_put_time_or_null(w, "started", s->started);
    json_put_end(w);
}

/* RFC 9457 with two members of ours: check and file. */
void rest_format_refusal(struct http_reply *reply, const struct answer *answer)
{
    struct json_writer w;
    int status = http_status_of(answer->rc);
    http_reply_done(reply);
    http_reply_init(reply, status);
    reply->content_type = "application/problem+json";
    (void)http_reply_header(reply, "cache-control:", "no-store");
    json_writer_begin(&w, &reply->body);
    json_put_object(&w, NULL);
    json_put_str(&w, "type", "about:blank");
    json_put_str(&w, "title", http_status_text(status));
    json_put_i64(&w, "status", status);
    json_put_str(&w, "detail", answer->text);
    json_put_str(&w, "check", release_check_text(answer->refusal.check));
    json_put_str(&w, "file", answer->refusal.file);
    json_put_end(&w);
    (void)!json_writer_end(&w);
    (void)gw_buf_add_u8(&reply->body, '\n');
}
