/* SPDX-License-Identifier: ISC */
/* Adds accounts to an rc file, without changing what is in it. */
#ifndef IO_PROCESS_CONFIG_EDIT_H
#define IO_PROCESS_CONFIG_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "core/error.h"

/* An rc file that will be changed. */
struct config_edit {
	char *path;   /* owned; where a symbolic link leads to */
	char *draft;  /* owned; a file with its new text, to be tested */
	char *text;   /* owned; wiped */
	bool fresh;   /* there is no rc file yet */
	bool private; /* only its owner may read the new one */
	struct stat before;
};

/*
 * Writes a draft beside the rc file at path, which need not exist: its text,
 * and then this text, which has a password if private. Nobody else can read it.
 * Fails with ERROR_CREATE or ERROR_CONFIG. To be discarded in any case.
 */
bool config_edit_begin(struct config_edit *edit, const char *path,
	const char *text, bool private, struct error *err);

/*
 * Puts the text of the draft in the place of the rc file, durably. Fails with
 * ERROR_CREATE if that cannot be done, or if the rc file was changed meanwhile.
 */
bool config_edit_commit(struct config_edit *edit, struct error *err);

/* Removes the draft; safe on a zeroed struct. */
void config_edit_discard(struct config_edit *edit);

/*
 * Writes a new file with one line that only its owner can read, such as a
 * password. Fails with ERROR_CREATE; there is then no such file.
 */
bool config_edit_write_secret(
	const char *path, const char *secret, struct error *err);

#endif
