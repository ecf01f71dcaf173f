/* SPDX-License-Identifier: ISC */
/* What the files of the command setup share. */
#ifndef COMMANDS_SETUP_INTERNAL_H
#define COMMANDS_SETUP_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/command.h"
#include "cli/report.h"
#include "core/account.h"
#include "core/error.h"
#include "engine/discover.h"
#include "io/process/config.h"

#define SETUP_SETTINGS_MAX 64
#define SETUP_LINE_MAX 4096

/* Where a password is stored. */
enum setup_place {
	SETUP_NOWHERE,
	SETUP_FILE,
	SETUP_KEYRING,
	SETUP_PASS,
	SETUP_CREDENTIAL,
};

/* A setting of the new account. */
struct setup_setting {
	const char *name; /* borrowed from the table of settings */
	char *value;	  /* owned */
};

struct setup {
	const struct invocation *invocation;
	struct report report;
	bool asks;	    /* somebody is at the terminal */
	bool prints;	    /* and writes nothing */
	char *address;	    /* owned */
	const char *domain; /* borrowed from address */
	char *name;	    /* owned; of the account */
	char *path;	    /* owned; of the rc file; absolute */
	char *user;	    /* owned; what the user name usually is, or was */
	struct setup_setting settings[SETUP_SETTINGS_MAX];
	size_t count;
	char *secret; /* owned; the password that was typed, or NULL */
	enum setup_place place; /* where it is to be stored */
	struct config *others;	/* borrowed; what is in the rc file */
	char *seen; /* owned; another program's file of what it fetched */
	bool searched;
	bool found_any;
	struct discovery found; /* if found_any */
};

/* The value of a setting, or NULL. */
const char *setup_get(const struct setup *setup, const char *name);

/* Is one of these settings set? The last one is NULL. */
bool setup_has_one(const struct setup *setup, const char *const *names);

/*
 * Sets a setting. Fails with ERROR_USAGE if there is no such setting, or the
 * value is not good for it.
 */
bool setup_put(struct setup *setup, const char *name, const char *value,
	struct error *err);

/* Forgets a setting, so that it is asked for again. */
void setup_drop(struct setup *setup, const char *name);

/*
 * Asks a question on the terminal; an empty answer means otherwise, if that is
 * not NULL. Owned. Without a terminal it is otherwise. NULL: there is no
 * answer.
 */
char *setup_ask(
	struct setup *setup, const char *question, const char *otherwise);

/*
 * Asks for a setting that is not set yet, until the answer is good for it.
 * Fails if there is no answer.
 */
bool setup_ask_setting(struct setup *setup, const char *name,
	const char *question, const char *otherwise, struct error *err);

/*
 * Says something to the user: on standard output, or, with --print, which has
 * that for the account, as a message.
 */
void setup_say(struct setup *setup, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The settings as an account of an rc file; owned. */
char *setup_make_block(const struct setup *setup);

/* An account with these settings, for what needs one; release it. */
void setup_make_account(const struct setup *setup, struct account *account);

/* Fails since there is no answer, or a signal came. */
bool setup_stopped(struct error *err);

/* Asks a question until it is answered by yes or no. */
bool setup_agrees(struct setup *setup, const char *question, bool otherwise,
	bool *yes, struct error *err);

/* Asks where the password is to be stored, and for the password. */
bool setup_choose_secret(struct setup *setup, struct error *err);

/* Stores it. *path: the file that was made for it, owned, or NULL. */
bool setup_store_secret(struct setup *setup, char **path, struct error *err);

/* Is it known where the password or token is? */
bool setup_has_secret(const struct setup *setup);

/* Forgets where the password is, so that it is asked for again. */
void setup_drop_secret(struct setup *setup);

/* The settings of which one says where the mail goes; the last is NULL. */
extern const char *const setup_destinations[];

/* Sets what --set gives. */
bool setup_take_given(struct setup *setup, struct error *err);

/* Is it the name of an account that is there already? */
bool setup_is_taken(const struct setup *setup, const char *name);

/* Reads what is in the rc file, if it exists. */
bool setup_read_others(struct setup *setup, struct error *err);

/* Prints the account, for --print. Returns an exit status. */
int setup_print(struct setup *setup, struct error *err);

/*
 * Adds the accounts of another program's rc file, and takes over what it has
 * fetched. Returns the worst exit status of them.
 */
int setup_convert(struct setup *setup, struct error *err);

/* Asks for whatever is not known yet. */
bool setup_ask_all(struct setup *setup, struct error *err);

/*
 * Tests the account, asks again what was wrong, and adds it to the rc file.
 * Returns an exit status; err may say why.
 */
int setup_add(struct setup *setup, struct error *err);

void setup_release(struct setup *setup);

#endif
