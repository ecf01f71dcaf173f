/* SPDX-License-Identifier: ISC */
/* Adds accounts to an rc file, without changing what is in it. */
#ifndef IO_PROCESS_CONFIG_EDIT_H
#define IO_PROCESS_CONFIG_EDIT_H

#include <stdbool.h>
#include <sys/stat.h>

#include "core/error.h"

/* A draft of an rc file. */
struct config_edit {
	char *path;  /* owned; no symbolic link */
	char *draft; /* owned; the file that will take its place */
	bool fresh;  /* there is no rc file yet */
	struct stat before;
};

/*
 * Writes a draft beside the rc file at path, which need not exist: its text,
 * and then this text. Nobody else can read it. Fails with ERROR_CREATE or
 * ERROR_CONFIG. To be discarded in any case.
 */
bool config_edit_begin(struct config_edit *edit, const char *path,
	const char *text, struct error *err);

/*
 * Puts the draft in the place of the rc file, durably. Fails with ERROR_CREATE
 * if that cannot be done, or if the rc file was changed meanwhile.
 */
bool config_edit_commit(struct config_edit *edit, struct error *err);

/* Removes a draft that was not committed; safe on a zeroed struct. */
void config_edit_discard(struct config_edit *edit);

/*
 * Writes a file with one line that only its owner can read, such as a password,
 * in the place of an earlier one. Fails with ERROR_CREATE.
 */
bool config_edit_write_secret(
	const char *path, const char *secret, struct error *err);

#endif
