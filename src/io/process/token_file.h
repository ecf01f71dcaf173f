/* SPDX-License-Identifier: ISC */
/*
 * The file that records a login of an account by OAuth: STATE/ACCOUNT.login, or
 * STATE/ACCOUNT.gmail-login for Gmail.
 */
#ifndef IO_PROCESS_TOKEN_FILE_H
#define IO_PROCESS_TOKEN_FILE_H

#include <stdbool.h>

#include "core/error.h"
#include "core/token_record.h"
#include "io/process/patience.h"

enum token_kind {
	TOKEN_SOURCE, /* of the server that mail comes from */
	TOKEN_GMAIL,
};

/* Which file it is; all is borrowed. */
struct token_place {
	const char *directory;
	const char *account; /* its name */
	enum token_kind kind;
};

/* Holds its lock. Initialise with lock = -1. */
struct token_file {
	int lock;
	char *path; /* owned */
	char *next; /* owned; the file that takes its place */
	int fd;	    /* of next, once it is prepared; or -1 */
};

/*
 * Locks the file of an account, which need not exist, against other runs, and
 * creates the directory if need be. Whoever renews a token holds the lock from
 * reading the record to writing it: a refresh token may be good for one use.
 * Fails with ERROR_TEMPORARY if the lock is held until the patience is over, or
 * ERROR_CREATE.
 */
bool token_file_open(struct token_file *file, const struct token_place *place,
	const struct patience *wait, struct error *err);
void token_file_close(struct token_file *file);

/*
 * Reads a record without locking; release it. *there: there is one. Fails with
 * ERROR_DATA if it is damaged, or ERROR_CONFIG if others can read or write it.
 */
bool token_file_read(const struct token_place *place, bool *there,
	struct token_record *record, struct error *err);

/*
 * Prepares for token_file_write, so that it does not fail for want of room: to
 * be called before a provider is asked for what cannot be had twice. Fails with
 * ERROR_WRITE.
 */
bool token_file_prepare(struct token_file *file, struct error *err);

/*
 * Replaces the record, durably: after a crash, it is the old or the new one.
 * Fails with ERROR_WRITE; the next token_file_open finds it, if it can.
 */
bool token_file_write(struct token_file *file,
	const struct token_record *record, struct error *err);

/* Removes it. *was: there was one. Fails with ERROR_WRITE. */
bool token_file_remove(struct token_file *file, bool *was, struct error *err);

/* Renames those of a renamed account, unless the new name has one. */
bool token_file_rename(const char *directory, const char *from, const char *to,
	struct error *err);

#endif
