/* SPDX-License-Identifier: ISC */
/*
 * File names in a Maildir: which are messages, which are keepmail's, which part
 * remains the same when flags change, and the flags.
 */
#ifndef CORE_MAILDIR_NAME_H
#define CORE_MAILDIR_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What makes a name unique. */
struct maildir_stamp {
	int64_t seconds; /* since 1970 */
	long microseconds;
	long process;
	unsigned count;	  /* number of this name within the process */
	uint32_t chance;  /* random: clocks and process ids repeat */
	const char *host; /* see maildir_name_fit_host */
};

/* Makes a file name, all of which is its base. */
void maildir_name_make(
	char *name, size_t size, const struct maildir_stamp *stamp);

/*
 * Replaces characters that a base may not contain with '_'. host must not be
 * empty.
 */
void maildir_name_fit_host(char *host);

/* Did keepmail make this name? */
bool maildir_name_is_ours(const char *name);

/* Returns when keepmail made this name (seconds since 1970); 0: it did not. */
int64_t maildir_name_time(const char *name);

/*
 * Is a file in new or cur a message, judging by its name? Not if it begins with
 * '.'.
 */
bool maildir_name_is_message(const char *name);

/* Is an entry of a Maildir a folder, ".NAME" (Maildir++)? */
bool maildir_name_is_folder(const char *name);

/*
 * Returns the length of the part that remains the same when mail readers change
 * flags: everything before the first ':' (or the character that some systems
 * use instead) or ',' (before sizes that Dovecot appends). For names that
 * keepmail made: all letters, digits and ".-_" at the beginning.
 */
size_t maildir_name_base(const char *name);

/* Does the file have the flag T (trashed)? */
bool maildir_name_is_trashed(const char *name);

#endif
