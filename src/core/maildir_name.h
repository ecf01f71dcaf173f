/* SPDX-License-Identifier: ISC */
/*
 * The names of files in a Maildir: which are messages, which are ours, what
 * stays of them when their flags change, and their flags.
 */
#ifndef CORE_MAILDIR_NAME_H
#define CORE_MAILDIR_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What makes a name of ours unlike all others. */
struct maildir_stamp {
	int64_t seconds; /* since 1970 */
	long microseconds;
	long process;
	unsigned count;	  /* of this process's names */
	uint32_t chance;  /* a clock set back and a process id used again are
			     not enough */
	const char *host; /* see maildir_name_fit_host */
};

/* Writes a name of ours; it is its own base. */
void maildir_name_make(
	char *name, size_t size, const struct maildir_stamp *stamp);

/* Replaces what may not stand in a base by '_'; "" is of no use. */
void maildir_name_fit_host(char *host);

/* Did keepmail make this name? */
bool maildir_name_is_ours(const char *name);

/* When keepmail made this name: seconds since 1970; 0: it did not. */
int64_t maildir_name_time(const char *name);

/* Is a file in new or cur a message, by its name? Not if it begins with '.'. */
bool maildir_name_is_message(const char *name);

/* Is an entry of a Maildir a folder of it, ".NAME" (Maildir++)? */
bool maildir_name_is_folder(const char *name);

/*
 * The length of the part that stays the same while mail readers change flags:
 * all before the first ':' (or what some systems have in its place) or ','
 * (sizes that Dovecot appends). Of names that keepmail made: letters, digits
 * and ".-_" only, whatever follows.
 */
size_t maildir_name_base(const char *name);

/* Does the file have the flag T, "trashed"? */
bool maildir_name_is_trashed(const char *name);

#endif
