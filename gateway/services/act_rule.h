/*
 * act_rule: every act of an operator in one table: which service does it, and who may. An act that is not in it is
 * nobody's. ACT_CLAIM, ACT_CLAIM_GET and ACT_SIGN_IN are of people who are not known yet: access.c has the rule of
 * those.
 */
#pragma once

#include "inbox.h"
#include "user.h"

enum act_group {
    ACT_GROUP_DEVICE = 1,
    ACT_GROUP_DOOR,
    ACT_GROUP_CLAIM,
    ACT_GROUP_READ, /* status, lists and objects, at once */
    ACT_GROUP_LOG,  /* reads of the logs, in a query thread */
    ACT_GROUP_KEY,
    ACT_GROUP_RELEASE,
    ACT_GROUP_ROLLOUT,
    ACT_GROUP_ROLLOUT_READ,
    ACT_GROUP_ALERT,
    ACT_GROUP_TOKEN,
    ACT_GROUP_SESSION,
    ACT_GROUP_USER,
};

/* Whose signatures count and who has an account is root's to say on the machine itself (docs/rest.md, "Two
 * doors"). */
enum act_root { ACT_ROOT_NEVER = 0, ACT_ROOT_LOCALLY, ACT_ROOT_ALWAYS };

/* A person's own session is for people. What needs the role admin no token may, whatever is written here. */
enum act_who { ACT_BY_ANYBODY = 0, ACT_BY_PEOPLE };

struct act_rule {
    enum act_kind kind;
    enum act_group group;
    enum user_role role; /* the least that may */
    enum act_root root;  /* when root is needed too */
    enum act_who who;    /* may a token? */
};

const struct act_rule *act_rule(enum act_kind kind); /* NULL: nobody may */
