/* SPDX-License-Identifier: ISC */
/* Reads the accounts from the rc files: keepmailrc(5). */
#ifndef IO_PROCESS_CONFIG_H
#define IO_PROCESS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "core/account.h"
#include "core/error.h"

struct config {
	struct account *accounts; /* owned; in the order of the files */
	size_t count;
	unsigned jobs; /* accounts fetched in parallel */
};

/* What is read. */
struct config_source {
	const char *const *files; /* borrowed; see config_recall_password */
	size_t count;		  /* 0: the files of the search order */
	const char *state_dir;	  /* overrides where stores are; or NULL */
};

/*
 * Reads the rc files of source into config. Each mistake in them is passed to
 * report as one line "FILE:LINE: sentence"; if there was any, this fails with
 * ERROR_CONFIG, whose text says how many there were. config is to be released
 * in any case.
 */
bool config_read(struct config *config, const struct config_source *source,
	void (*report)(const char *line), struct error *err);

/*
 * The rc file that is read if none is named, owned: the first of the search
 * order that exists, or else the usual one. *there: it exists.
 */
char *config_default_path(bool *there);

/*
 * Reads the account's secrets again after account_forget_secrets, from the
 * files of the last config_read, whose names must still be valid. False if it
 * is no longer there, if the files now have mistakes, or if server, user or
 * security of the account were changed.
 */
bool config_recall_password(struct account *account);

void config_release(struct config *config);

#endif
