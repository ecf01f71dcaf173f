/* SPDX-License-Identifier: ISC */
/* The rc file: accounts out of text. keepmailrc(5) is its description. */
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

/*
 * Reads the files (count of them; 0: those of the search order) into config.
 * Every mistake of every file is passed to report as one line "FILE:LINE:
 * sentence"; if there was any, it fails with ERROR_CONFIG, whose text sums up.
 * state_dir overrides where stores lie, NULL: the setting or its default.
 */
bool config_read(struct config *config, const char *const *files, size_t count,
	const char *state_dir, void (*report)(const char *line),
	struct error *err);

/*
 * Reads the account's password anew, after it was forgotten, from the files
 * that were read last, which must still be named as they were. False: it is not
 * there (any more), not without mistakes, or for another server or user.
 */
bool config_recall_password(struct account *account);

void config_release(struct config *config);

#endif
